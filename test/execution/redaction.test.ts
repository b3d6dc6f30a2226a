/** Secrets are taken out of what a step tells: by value, by form, by name; whole, whatever pieces they come in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { redactorOf } from "@iroko/core/engine";
import { endOfStep, StepOutput } from "../../packages/core/src/execution/child/step-output.ts";

const env = {
  POS_PASSWORD: "hunter2-hunter2",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  WAREHOUSE: "postgres://ada:p%40ss%20word@db.example/shop",
  SIGNING_KEY: "line one\nline two",
  SHORT_PIN: "1234",
  PWD: "/srv/iroko",
  PATH: "/usr/bin:/bin",
};
const redactor = redactorOf(env);

test("values of variables that are named as secrets go, in whatever form they are written", () => {
  for (const [given, left] of [
    ["password=hunter2-hunter2!", "password=[secret POS_PASSWORD]!"],
    [`key ${env.AWS_SECRET_ACCESS_KEY}`, "key [secret AWS_SECRET_ACCESS_KEY]"],
    [`?s=${encodeURIComponent(env.AWS_SECRET_ACCESS_KEY)}`, "?s=[secret AWS_SECRET_ACCESS_KEY]"],
    ["p@ss word, p%40ss%20word", "[secret WAREHOUSE], [secret WAREHOUSE]"],
    [env.WAREHOUSE, "postgres://ada:[secret WAREHOUSE]@db.example/shop"],
    [`it says ${env.SIGNING_KEY}`, "it says [secret SIGNING_KEY]"],
    [JSON.stringify({ k: env.SIGNING_KEY }), '{"k":"[secret SIGNING_KEY]"}'],
    ["in /srv/iroko, 1234 rows of AKIAIOSFODNN7EXAMPLE", "in /srv/iroko, 1234 rows of AKIAIOSFODNN7EXAMPLE"],
  ] as const)
    assert.equal(redactor.text(given), left);
});

test("what betrays itself by its form goes without being known", () => {
  for (const [given, left] of [
    [`iroko_0123456789ab_${"x".repeat(43)}`, "iroko_0123456789ab_[secret]"],
    ["mysql://root:toor12@h/x", "mysql://root:[secret]@h/x"],
    [
      "https://b.s3/k?X-Amz-Credential=AK%2F2026&X-Amz-Signature=ab12&X-Amz-Expires=60",
      "https://b.s3/k?X-Amz-Credential=[secret]&X-Amz-Signature=[secret]&X-Amz-Expires=60",
    ],
    [`AWS4-HMAC-SHA256 Signature=${"a".repeat(64)}`, "AWS4-HMAC-SHA256 Signature=[secret]"],
    ["authorization: Bearer abcdefghijklmnop", "authorization: Bearer [secret]"],
    ["-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "[secret PRIVATE KEY]"],
    ["http://localhost:3939/runs and 12:30:01 a@b", "http://localhost:3939/runs and 12:30:01 a@b"],
  ] as const)
    assert.equal(redactor.text(given), left);
});

test("fields that are named as secrets go, whatever they hold; numbers, types and other names stay", () => {
  assert.deepEqual(
    redactor.value({
      password: "x",
      rows: 3,
      token_count: 7,
      note: { type: "text", value: "hunter2-hunter2" },
      api_key: { type: "text", value: "y" },
      list: ["hunter2-hunter2", { Authorization: "Basic x" }],
      nothing: null,
    }),
    {
      password: "[secret]",
      rows: 3,
      token_count: 7,
      note: { type: "text", value: "[secret POS_PASSWORD]" },
      api_key: { type: "text", value: "[secret]" },
      list: ["[secret POS_PASSWORD]", { Authorization: "[secret]" }],
      nothing: null,
    },
  );
});

test("a stream in any pieces tells the same as in one, and no secret of it", () => {
  const word = fc.constantFrom(
    "a ",
    "hunter",
    "hunter2-",
    "\n",
    "naïve ",
    ...Object.values(env),
    `mysql://u:${"s".repeat(9)}@h `,
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), fc.array(fc.nat(200), { maxLength: 20 }), (words, cuts) => {
      const bytes = Buffer.from(words.join("") + endOfStep("t"));
      let told = "";
      const output = new StepOutput("t", redactor, (text) => (told += text));
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
      for (let i = 1; i < places.length; i++) output.push(bytes.subarray(places[i - 1], places[i]));
      assert.ok(output.ended);
      assert.equal(told, redactor.text(words.join("")));
      for (const secret of [env.POS_PASSWORD, env.AWS_SECRET_ACCESS_KEY, "p%40ss"]) assert.ok(!told.includes(secret));
    }),
    { seed: 7, numRuns: 500 },
  );
});
