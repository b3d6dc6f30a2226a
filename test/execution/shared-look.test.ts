import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedLook } from "@iroko/core/engine";

test("one look at a time; who comes while one is under way shares the next, not that one", async () => {
  const looks: PromiseWithResolvers<number>[] = [];
  const look = sharedLook(() => {
    looks.push(Promise.withResolvers());
    return looks.at(-1)!.promise;
  });
  const first = look();
  await new Promise(setImmediate);
  assert.equal(looks.length, 1);
  const late = [look(), look()];
  await new Promise(setImmediate);
  assert.equal(looks.length, 1, "the second waits for the first");
  looks[0]!.resolve(1);
  assert.equal(await first, 1);
  await new Promise(setImmediate);
  looks[1]!.resolve(2);
  assert.deepEqual(await Promise.all(late), [2, 2]);
  assert.equal(looks.length, 2);
});

test("a look that fails fails for those who wanted it, and for nobody after them", async () => {
  let taken = 0;
  const look = sharedLook(() => {
    taken += 1;
    return taken === 1 ? Promise.reject(new Error("away")) : Promise.resolve(taken);
  });
  const both = [look(), look()];
  for (const each of both) await assert.rejects(each, /away/);
  assert.equal(await look(), 2);
});
