/** Steps in this process: what `executeStep` tells of each kind of answer, and how it ends. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  asset,
  assetCheck,
  byPartition,
  daily,
  define,
  env,
  externalAsset,
  IrokoError,
  multiAsset,
  output,
  resource,
  type Check,
  type Definitions,
  type Partition,
} from "@iroko/core";
import { executeStep, toErrorRecord, type StepMessage, type StepSpec } from "@iroko/core/engine";
import { z } from "zod";
import { jsonLines } from "../support/json-lines.ts";
import { day, input, stepSpec } from "../support/step-spec.ts";

const days = daily({ start: "2026-11-01", timezone: "UTC" });
const threeDays = [day("2026-11-01"), day("2026-11-02"), day("2026-11-03")];
const Row = z.object({ id: z.string() });

interface Ended {
  readonly messages: readonly StepMessage[];
  readonly error: IrokoError | undefined;
  /** `asset@partition: rows` of what was told as built, in order. */
  readonly built: readonly string[];
}

async function run(
  definitions: Definitions,
  spec: Partial<StepSpec> & { readonly name: string },
  signal: AbortSignal = new AbortController().signal,
): Promise<Ended & { readonly directory: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), "iroko-step-"));
  const messages: StepMessage[] = [];
  let error: IrokoError | undefined;
  try {
    await executeStep(definitions, stepSpec({ directory, ...spec }), (message) => messages.push(message), signal);
  } catch (thrown) {
    assert.ok(thrown instanceof IrokoError, String(thrown));
    error = thrown;
  }
  const built = messages.flatMap((message) =>
    message.type === "built"
      ? [`${message.output.asset}@${message.output.partition.key}: ${message.output.staged.rows}`]
      : [],
  );
  const dispose = (): Promise<void> => rm(directory, { recursive: true, force: true });
  return { messages, error, built, directory, [Symbol.asyncDispose]: dispose };
}

function builtOutputs(messages: readonly StepMessage[]) {
  return messages.flatMap((message) => (message.type === "built" ? [message.output] : []));
}

function check(name: string, options: Partial<Check<never>>): Check<never> {
  return {
    name,
    kind: "test",
    severity: "error",
    blocking: true,
    columns: [],
    history: 0,
    run: () => Promise.resolve({ passed: true }),
    ...options,
  };
}

test("rows are stored, read back and told with their metadata", async () => {
  const made = asset({
    key: "made",
    schema: Row,
    output: jsonLines("made"),
    materialize: () => ({ data: [{ id: "a" }, { id: "b" }], metadata: { source: "here" } }),
    metrics: async ({ self }) => ({ counted: await self.count() }),
  });
  await using step = await run(define({ assets: [made] }), { name: "made" });
  assert.equal(step.error, undefined);
  const [output] = builtOutputs(step.messages);
  assert.equal(await readFile(output!.file!, "utf8"), '{"id":"a"}\n{"id":"b"}\n');
  assert.deepEqual(output!.metadata, { source: { type: "text", value: "here" }, counted: { type: "int", value: 2 } });
  assert.equal(output!.staged.rows, 2);
});

test("async iterables and relations are stored like rows, and dependencies are there at once", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "iroko-input-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "up.jsonl"), '{"id":"x"}\n{"id":"y"}\n{"id":"z"}\n');
  const up = asset({
    key: "up",
    schema: Row,
    output: jsonLines("up"),
    materialize: async function* () {
      yield { id: "1" };
    },
  });
  const copy = asset({
    key: "copy",
    schema: Row,
    output: jsonLines("copy"),
    deps: { up },
    materialize: ({ deps }) => deps.up,
  });
  const definitions = define({ assets: [up, copy] });
  await using first = await run(definitions, { name: "up" });
  assert.deepEqual(first.built, ["up@: 1"]);
  const inputs = { "": [input("dependency", "up", "up", join(folder, "up.jsonl"), 3)] };
  await using second = await run(definitions, { name: "copy", inputs });
  assert.deepEqual(second.built, ["copy@: 3"]);
});

test("a range is made partition by partition, and the good ones stay told when the third fails", async () => {
  const staged: string[] = [];
  const ranged = asset({
    key: "ranged",
    schema: Row,
    output: jsonLines("ranged"),
    partitions: days,
    backfill: "range",
    materialize: () =>
      byPartition(({ key }: Partition) => {
        staged.push(key);
        if (key === "2026-11-03") throw new TypeError("the third is bad");
        return [{ id: key }];
      }),
  });
  await using step = await run(define({ assets: [ranged] }), { name: "ranged", partitions: threeDays });
  assert.deepEqual(step.built, ["ranged@2026-11-01: 1", "ranged@2026-11-02: 1"]);
  assert.deepEqual(staged, ["2026-11-01", "2026-11-02", "2026-11-03"]);
  assert.equal(step.error?.code, "USER_CODE");
  assert.match(step.error.message, /ranged.*TypeError: the third is bad/);
  assert.ok(step.error.cause instanceof TypeError);
});

test("all outputs of one partition are made before the next, whichever way they are given", async () => {
  const order: string[] = [];
  const give = (name: string) =>
    byPartition(({ key }: Partition) => {
      order.push(`${name} ${key}`);
      return [{ id: key }];
    });
  const both = multiAsset({
    name: "both",
    partitions: days,
    backfill: "range",
    outputs: {
      good: output({ key: "good", schema: Row, output: jsonLines("good") }),
      bad: output({ key: "bad", schema: Row, output: jsonLines("bad") }),
    },
    materialize: () => ({ good: give("good"), bad: give("bad") }),
  });
  const spec = { name: "both", assets: ["good", "bad"], partitions: threeDays.slice(0, 2) };
  await using step = await run(define({ assets: [both] }), spec);
  assert.deepEqual(step.built, ["good@2026-11-01: 1", "bad@2026-11-01: 1", "good@2026-11-02: 1", "bad@2026-11-02: 1"]);
  assert.deepEqual(order, ["good 2026-11-01", "bad 2026-11-01", "good 2026-11-02", "bad 2026-11-02"]);
  await using retried = await run(define({ assets: [both] }), { ...spec, assets: ["bad"] });
  assert.deepEqual(retried.built, ["bad@2026-11-01: 1", "bad@2026-11-02: 1"]);
});

test("an optional output may be left out, another one may not", async () => {
  const outputs = {
    main: output({ key: "main", schema: Row, output: jsonLines("main") }),
    extra: output({ key: "extra", schema: Row, output: jsonLines("extra"), optional: true }),
  };
  const main = multiAsset({ name: "pair", outputs, materialize: () => ({ main: [{ id: "1" }] }) });
  await using left = await run(define({ assets: [main] }), { name: "pair", assets: ["main", "extra"] });
  assert.deepEqual([left.error, left.built], [undefined, ["main@: 1"]]);
  const extra = multiAsset({ name: "pair", outputs, materialize: (): never => ({ extra: [{ id: "1" }] }) as never });
  await using missing = await run(define({ assets: [extra] }), { name: "pair", assets: ["main", "extra"] });
  assert.equal(missing.error?.code, "OUTPUT_MISSING");
  assert.match(missing.error.message, /"main"/);
});

test("wrong answers are refused by what is wrong with them", async () => {
  const outputs = {
    one: output({ key: "one", schema: Row, output: jsonLines("one") }),
    two: output({ key: "two", schema: Row, output: jsonLines("two") }),
  };
  const answers: readonly (readonly [answer: unknown, code: string, message: RegExp])[] = [
    [[{ id: "1" }], "OUTPUT_MISSING", /outputs one, two, and gave one value/],
    [{ one: [], twoo: [] }, "OUTPUT_UNKNOWN", /"twoo"/],
    [{ one: [{ id: "1" }], two: [] }, "PARTITIONS_MIXED", /one value in a step of 3 partitions/],
  ];
  for (const [answer, code, message] of answers) {
    const pair = multiAsset({
      name: "pair",
      partitions: days,
      backfill: "range",
      outputs,
      materialize: () => answer as never,
    });
    await using step = await run(define({ assets: [pair] }), {
      name: "pair",
      assets: ["one", "two"],
      partitions: threeDays,
    });
    assert.equal(step.error?.code, code);
    assert.match(step.error.message, message);
    assert.deepEqual(step.built, []);
  }
  const single = asset({
    key: "single",
    partitions: days,
    backfill: "range",
    materialize: ({ partition }) => void partition,
  });
  await using step = await run(define({ assets: [single] }), { name: "single", partitions: threeDays });
  assert.equal(step.error?.code, "PARTITIONS_MIXED");
});

test("an asset that stores nothing has the version it gives, or one of what it was made from", async () => {
  const given = asset({ key: "given", materialize: () => ({ dataVersion: "seven", metadata: { rows: 7 } }) });
  const up = asset({ key: "up", schema: Row, output: jsonLines("up"), materialize: () => [] });
  const derived = asset({ key: "derived", codeVersion: "1", deps: { up }, materialize: () => {} });
  const definitions = define({ assets: [given, up, derived] });
  await using first = await run(definitions, { name: "given" });
  const [seven] = builtOutputs(first.messages);
  assert.deepEqual([seven!.file, seven!.staged.dataVersion], [undefined, "seven"]);
  const versions: string[] = [];
  for (const rows of [1, 1, 2]) {
    const inputs = { "": [input("dependency", "up", "up", "/dev/null", rows)] };
    await using step = await run(definitions, { name: "derived", inputs });
    versions.push(builtOutputs(step.messages)[0]!.staged.dataVersion);
  }
  assert.equal(versions[0], versions[1]);
  assert.notEqual(versions[0], versions[2]);
});

test("a failed blocking check keeps its partition back, and names check, count and rows", async () => {
  const checked = asset({
    key: "checked",
    schema: Row,
    output: jsonLines("checked"),
    partitions: days,
    backfill: "range",
    checks: [
      check("late", { severity: "warn", run: () => Promise.resolve({ passed: false, message: "3 came late" }) }),
      check("unique", {
        run: ({ partition }) =>
          Promise.resolve(
            partition.key === "2026-11-02" ? { passed: false, violations: 2, sample: [{ id: "x" }] } : { passed: true },
          ),
      }),
    ],
    materialize: () => byPartition(({ key }: Partition) => [{ id: key }]),
  });
  await using step = await run(define({ assets: [checked] }), { name: "checked", partitions: threeDays });
  assert.deepEqual(step.built, ["checked@2026-11-01: 1"]);
  assert.deepEqual(
    builtOutputs(step.messages)[0]!.checks.map(({ name, passed }) => [name, passed]),
    [
      ["late", false],
      ["unique", true],
    ],
  );
  assert.equal(step.error?.code, "CHECK_FAILED");
  assert.match(step.error.message, /"unique" of checked@2026-11-02 failed: 2 rows break it/);
  assert.deepEqual(step.error.details?.["sample"], [{ id: "x" }]);
  const told = step.messages.flatMap((message) => (message.type === "checked" ? [message.check.name] : []));
  assert.deepEqual(told, ["late", "unique"]);
});

test("a check that throws has failed, and blocks only where it may", async () => {
  const threw = () => Promise.reject(new RangeError("no such column"));
  for (const [blocking, code] of [
    [true, "CHECK_THREW"],
    [false, undefined],
  ] as const) {
    const checked = asset({
      key: "checked",
      schema: Row,
      output: jsonLines("checked"),
      checks: [check("broken", { blocking, run: threw })],
      materialize: () => [],
    });
    await using step = await run(define({ assets: [checked] }), { name: "checked" });
    assert.equal(step.error?.code, code);
    const records = step.messages.flatMap((m) =>
      m.type === "checked" ? [m.check] : m.type === "built" ? m.output.checks : [],
    );
    assert.match(records[0]!.message!, /RangeError: no such column/);
  }
});

test("a check sees the rows of the partitions before its own, those of this step included", async () => {
  const seen: Record<string, readonly string[]> = {};
  const historic = check("historic", {
    history: 2,
    run: ({ partition, history }) => {
      seen[partition.key] = history.map(({ partition: { key }, rows }) => `${key}=${rows}`);
      return Promise.resolve({ passed: true });
    },
  });
  const counted = asset({
    key: "counted",
    schema: Row,
    output: jsonLines("counted"),
    partitions: days,
    backfill: "range",
    checks: [historic],
    materialize: () => byPartition(({ key }: Partition) => (key === "2026-11-02" ? [] : [{ id: key }])),
  });
  const history = {
    counted: [
      { partition: day("2026-10-31"), rows: 40 },
      { partition: day("2026-11-02"), rows: 99 },
    ],
  };
  await using step = await run(define({ assets: [counted] }), { name: "counted", partitions: threeDays, history });
  assert.equal(step.error, undefined);
  assert.deepEqual(seen, {
    "2026-11-01": ["2026-10-31=40"],
    "2026-11-02": ["2026-10-31=40", "2026-11-01=1"],
    "2026-11-03": ["2026-11-01=1", "2026-11-02=0"],
  });
});

test("a resource is opened by its first use and closed after a failure, last lent first", async () => {
  const events: string[] = [];
  const lent = (name: string) =>
    resource({
      key: name,
      config: z.object({}),
      open: () => void events.push(`open ${name}`),
      close: () => void events.push(`close ${name}`),
    })({});
  const waited = resource({
    key: "waited",
    config: z.object({}),
    open: async () => (await Promise.resolve(), events.push("open waited"), "here"),
  })({});
  const user = asset({
    key: "user",
    resources: { unused: lent("unused"), a: lent("a"), b: lent("b"), waited },
    materialize: ({ resources, scope }) => {
      events.push(`begin with ${resources.waited}`);
      events.push(`${[resources.b, resources.a, resources.a].length} used`);
      scope.onClose(() => void events.push("close scope"));
      throw new Error("halfway");
    },
  });
  await using step = await run(define({ assets: [user] }), { name: "user" });
  assert.equal(step.error?.code, "USER_CODE");
  assert.deepEqual(events, [
    "open waited",
    "begin with here",
    "open b",
    "open a",
    "3 used",
    "close scope",
    "close a",
    "close b",
  ]);
});

test("a missing variable is named with its resource; a default stands in for it", async () => {
  const opened: string[] = [];
  const path = resource({
    key: "buffer",
    config: z.object({ path: z.string() }),
    open: ({ path }) => opened.push(path),
  });
  const made = (values: Parameters<typeof path>[0]) =>
    define({
      assets: [
        asset({ key: "a", resources: { buffer: path(values) }, materialize: ({ resources }) => void resources.buffer }),
      ],
    });
  await using missing = await run(made({ path: env("IROKO_TEST_UNSET") }), { name: "a" });
  assert.equal(missing.error?.code, "ENV_MISSING");
  assert.match(missing.error.message, /IROKO_TEST_UNSET.*"buffer"/);
  await using given = await run(made({ path: env("IROKO_TEST_UNSET", { default: "data/buffer.db" }) }), { name: "a" });
  assert.equal(given.error, undefined);
  assert.deepEqual(opened, ["data/buffer.db"]);
});

test("config is read by its schema", async () => {
  const seen: unknown[] = [];
  const config = z.object({ limit: z.number().default(10) });
  const definitions = define({
    assets: [asset({ key: "a", config, materialize: (ctx) => void seen.push(ctx.config) })],
  });
  await using defaults = await run(definitions, { name: "a" });
  assert.deepEqual([defaults.error, seen], [undefined, [{ limit: 10 }]]);
  await using wrong = await run(definitions, { name: "a", config: { limit: "many" } });
  assert.equal(wrong.error?.code, "CONFIG_INVALID");
  assert.match(wrong.error.message, /limit/);
});

test("a canceled step ends as canceled, closed and with its scratch folder gone", async () => {
  const controller = new AbortController();
  let scratch = "";
  const waiting = asset({
    key: "waiting",
    materialize: async ({ signal, scope }) => {
      scratch = scope.directory;
      assert.ok(existsSync(scratch));
      const { promise, reject } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => reject(signal.reason as Error));
      controller.abort();
      await promise;
    },
  });
  await using step = await run(define({ assets: [waiting] }), { name: "waiting" }, controller.signal);
  assert.equal(step.error?.code, "CANCELED");
  assert.ok(scratch !== "" && !existsSync(scratch));
});

test("an observation and a standalone check are told, and a blocking one fails its step", async () => {
  const seen = externalAsset({
    key: "seen",
    partitions: days,
    observe: ({ partitions }) => partitions.map((partition) => ({ partition, dataVersion: `of ${partition.key}` })),
  });
  const made = asset({ key: "made", schema: Row, output: jsonLines("made"), materialize: () => [] });
  const counted = assetCheck({
    asset: made,
    name: "counted",
    blocking: true,
    run: async ({ deps }) => ({ passed: (await deps.self.count()) > 0, message: "it is empty" }),
  });
  const definitions = define({ assets: [seen, made], checks: [counted] });
  await using observed = await run(definitions, { kind: "observe", name: "seen", partitions: threeDays.slice(0, 1) });
  const [observation] = observed.messages;
  assert.ok(observation?.type === "observed");
  assert.deepEqual([observation.partition, observation.dataVersion], [day("2026-11-01"), "of 2026-11-01"]);
  await using checked = await run(definitions, { kind: "check", name: "made:counted", assets: ["made"] });
  assert.equal(checked.error?.code, "CHECK_FAILED");
  assert.match(checked.error.message, /it is empty/);
  assert.equal(checked.messages[0]?.type, "checked");
});

test("a user's error holds their stack only, and the place in their code", async () => {
  const broken = asset({
    key: "broken",
    materialize: async function failHere() {
      await Promise.resolve();
      throw new Error("of the user", { cause: new Error("deeper") });
    },
  });
  await using step = await run(define({ assets: [broken] }), { name: "broken" });
  const record = toErrorRecord(step.error);
  assert.match(record.stack!, /failHere \(.*child-step\.test\.ts:\d+:\d+\)/);
  assert.match(record.stack!, /Caused by: Error: deeper/);
  assert.doesNotMatch(record.stack!, /node:|packages\/core/);
  assert.match(record.place!.file!, /child-step\.test\.ts$/);
  assert.equal(typeof record.place!.line, "number");
});
