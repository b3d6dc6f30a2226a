import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asset,
  assetCheck,
  daily,
  define,
  dep,
  env,
  externalAsset,
  fixed,
  hourly,
  IrokoError,
  isDefinitions,
  job,
  multiAsset,
  output,
  resource,
  retryPolicy,
  schedule,
  untypedAsset,
  type AnyAsset,
  type Check,
  type ColumnLineage,
  type DefinitionProblem,
  type DefineOptions,
  type IoManager,
} from "@iroko/core";
import { z } from "zod";

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const hours = hourly({ start: "2026-11-01-00:00", timezone: "Africa/Lagos" });
const states = fixed(["LA", "AB", "KN"]);
const Row = z.object({ id: z.string(), amount: z.int() });

function file(path: string): IoManager<"relation"> {
  return { kind: "file", path, extension: ".txt", stage: unused, load: unused };
}

async function unused(): Promise<never> {
  throw new Error("definitions are not run here");
}

function check(name: string, ...columns: readonly string[]): Check<never> {
  return {
    name,
    kind: "test",
    severity: "error",
    blocking: true,
    columns: columns as never[],
    history: 0,
    run: unused,
  };
}

/** An asset that stores nothing, whatever it depends on. */
function plain(key: string, deps: Readonly<Record<string, unknown>> = {}): AnyAsset {
  return untypedAsset({ key, deps, materialize: () => {} });
}

function mistakes(options: DefineOptions): readonly DefinitionProblem[] {
  try {
    define(options);
  } catch (error) {
    assert.ok(error instanceof IrokoError);
    assert.equal(error.code, "DEFINITIONS_INVALID");
    const problems = error.details?.["problems"] as readonly DefinitionProblem[];
    for (const { message, place, hint } of problems) {
      assert.ok(place?.subject, message);
      assert.ok(hint, message);
      assert.ok(error.message.includes(message), "the message lists every mistake");
    }
    return problems;
  }
  return [];
}

/** The only mistake there is, as "CODE | place | message". */
function mistake(options: DefineOptions): string {
  const problems = mistakes(options);
  assert.equal(problems.length, 1, JSON.stringify(problems, null, 2));
  const [{ code, place, message }] = problems as [DefinitionProblem];
  return `${code} | ${place?.subject} | ${message}`;
}

test("definitions without a mistake are recognised by whoever loads them, and mappings are written out", () => {
  const hourlyRaw = asset({ key: "raw", partitions: hours, materialize: () => {} });
  const lookup = externalAsset({ key: "lookup" });
  const summary = asset({ key: "summary", partitions: days, deps: { hourlyRaw, lookup }, materialize: () => {} });
  const total = asset({ key: "total", deps: { summary }, materialize: () => {} });
  const definitions = define({ assets: [hourlyRaw, lookup, summary, total, summary] });
  assert.ok(isDefinitions(definitions));
  assert.ok(Symbol.for("iroko.definitions") in definitions);
  for (const other of [null, undefined, {}, { computes: [] }, "definitions"]) assert.ok(!isDefinitions(other));
  assert.deepEqual(
    definitions.computes.map(({ name, deps }) => [name, Object.values(deps).map(({ mapping }) => mapping?.kind)]),
    [
      ["raw", []],
      ["summary", ["identity", "all"]],
      ["total", ["all"]],
    ],
  );
});

test("every mistake is listed at once", () => {
  const a = asset({
    key: "bad key",
    schema: z.object({ id: z.email() }),
    output: file("../up"),
    materialize: () => [],
  });
  const codes = mistakes({
    assets: [a, plain("b", { missing: plain("gone") })],
    jobs: [job({ key: "j", select: "key:nope" })],
    schedules: [schedule({ key: "s", job: "k", cron: "* *", timezone: "Mars/Base" })],
  }).map(({ code }) => code);
  assert.deepEqual(codes, [
    "SCHEMA_UNSUPPORTED",
    "ASSET_KEY_INVALID",
    "OUTPUT_PATH",
    "DEPENDENCY_UNKNOWN",
    "ASSET_NOT_FOUND",
    "JOB_NOT_FOUND",
    "CRON_INVALID",
    "TIMEZONE_INVALID",
  ]);
});

test("keys are short, plain, and given once", () => {
  for (const key of [
    "",
    "a b",
    "/a",
    "a/",
    "a//b",
    "../a",
    "a/.b",
    "naïve",
    `a"b`,
    "a'; drop table",
    "x".repeat(201),
    "constructor",
  ]) {
    assert.match(mistake({ assets: [plain(key)] }), /^ASSET_KEY_INVALID \| asset ".*", key \| The key ".*" /);
  }
  assert.deepEqual(mistakes({ assets: [plain("pos/txns_v2.daily-1")] }), []);
  assert.equal(
    mistake({ assets: [plain("a"), plain("a")] }),
    `ASSET_DUPLICATE | asset "a", key | Two assets have the key "a".`,
  );
  assert.match(mistake({ assets: [plain("a"), plain("A")] }), /differ only in case/);
});

test("a multi-asset counts by its outputs, and has at least one", () => {
  const both = multiAsset({
    outputs: { one: output({ key: "one" }), two: output({ key: "one" }) },
    materialize: () => ({ one: undefined, two: undefined }),
  });
  assert.match(mistake({ assets: [both] }), /ASSET_DUPLICATE.*"one"/);
  assert.match(
    mistake({ assets: [multiAsset({ name: "none", outputs: {}, materialize: () => ({}) })] }),
    /has no output/,
  );
  const good = multiAsset({
    outputs: { one: output({ key: "one" }), two: output({ key: "two" }) },
    materialize: () => ({ one: undefined, two: undefined }),
  });
  assert.deepEqual(
    define({ assets: [good.one, good] }).computes.map(({ name }) => name),
    ["one+two"],
  );
});

test("no two assets share a path, or lie in another's folder of partitions", () => {
  const stored = (key: string, path: string, partitions?: typeof days): AnyAsset =>
    untypedAsset({ key, schema: Row, output: file(path), partitions, materialize: () => [] });
  assert.match(
    mistake({ assets: [stored("a", "raw"), stored("b", "RAW")] }),
    /^OUTPUT_PATH \| asset "b", output \| Its path "RAW" is that of asset "a"/,
  );
  assert.match(
    mistake({ assets: [stored("a", "raw/x"), stored("b", "raw", days)] }),
    /asset "a", output .* lies inside the folder of partitions of asset "b"/,
  );
  assert.deepEqual(mistakes({ assets: [stored("a", "raw"), stored("b", "raw/x"), stored("c", "raws")] }), []);
  for (const path of ["", "/raw", "raw/", "a//b", "../raw", "a/../b", "_v/raw", "a b", "x".repeat(401)]) {
    assert.match(mistake({ assets: [stored("a", path)] }), /^OUTPUT_PATH \| asset "a", output/);
  }
});

test("a schema and its output stand together", () => {
  assert.match(
    mistake({ assets: [untypedAsset({ key: "a", schema: Row, materialize: () => [] })] }),
    /^OUTPUT_INCOMPLETE \| asset "a", output/,
  );
  assert.match(
    mistake({ assets: [untypedAsset({ key: "a", output: file("a"), materialize: () => [] })] }),
    /^OUTPUT_INCOMPLETE \| asset "a", schema/,
  );
  assert.deepEqual(mistakes({ assets: [externalAsset({ key: "a", schema: Row })] }), []);
});

test("a dependency is defined too, and known by its key", () => {
  const cleaned = plain("cleaned");
  const found = mistakes({ assets: [plain("summary", { input: cleaned }), plain("cleand")] });
  assert.equal(found[0]?.message, `Asset "cleaned" is not among the definitions.`);
  assert.equal(found[0]?.place?.subject, `asset "summary", deps.input`);
  assert.match(found[0]?.hint ?? "", /Did you mean "cleand"\?/);
  assert.match(
    mistake({ assets: [cleaned, plain("a", { previous: cleaned })] }),
    /^DEPENDENCY_NAME \| asset "a", deps.previous/,
  );
  assert.match(mistake({ assets: [plain("a", { raw: "raw" })] }), /^NOT_AN_ASSET \| asset "a", deps.raw/);
  assert.match(mistake({ assets: [{} as AnyAsset] }), /^NOT_AN_ASSET \| define, assets\[0\]/);
  assert.match(
    mistake({ assets: [externalAsset({ key: "a", compares: () => ({ made: "b" }) })] }),
    /asset "a", compares.made/,
  );
});

test("partitions that cannot be joined are told with both sides", () => {
  const byState = untypedAsset({ key: "by_state", partitions: states, materialize: () => {} });
  const reads = (input: unknown): AnyAsset =>
    untypedAsset({ key: "a", partitions: days, deps: { input }, materialize: () => {} });
  assert.match(
    mistake({ assets: [byState, reads(byState)] }),
    /^PARTITION_MAPPING \| asset "a", deps.input \| It cannot be joined to asset "by_state"/,
  );
  assert.match(
    mistake({ assets: [byState, reads(dep(byState, { map: { kind: "specific", keys: ["KM"] } }))] }),
    /no partition "KM"/,
  );
  assert.deepEqual(mistakes({ assets: [byState, reads(dep(byState, { map: { kind: "all" } }))] }), []);
});

test("what was meant is looked for a hundred times, not for every asset of thousands that were left out", () => {
  const left = Array.from({ length: 300 }, (_, n) => plain(`left_out_${n}`));
  const hints = mistakes({ assets: left.map((up, n) => plain(`given_${n}`, { up })) }).map(({ hint }) => hint);
  assert.equal(hints.length, 300);
  assert.equal(hints.filter((hint) => hint === "Add it to define({ assets }).").length, 200);
});

test("outputs on both sides of another asset are refused: they are made together", () => {
  const outputs = { p: output({ key: "p" }), q: output({ key: "q" }) };
  const made = multiAsset({ name: "pq", outputs, materialize: () => ({ p: {}, q: {} }) });
  const mid = plain("mid", { p: made.p });
  const around = multiAsset({ name: "pq", outputs, deps: { mid }, materialize: () => ({ p: {}, q: {} }) });
  assert.equal(
    mistake({ assets: [around, mid] }),
    'ASSET_CYCLE | asset "mid", deps | Assets depend on each other in a circle: "mid" → "p" → "mid".',
  );
  assert.match(mistakes({ assets: [around, mid] })[0]!.hint!, /^"p" and "q" are made together, .*: make them apart\.$/);
});

test("a circle is told by its path, once", () => {
  const loop = [
    plain("a", { c: plain("c") }),
    plain("b", { a: plain("a") }),
    plain("c", { b: plain("b") }),
    plain("d", { c: plain("c") }),
  ];
  assert.equal(
    mistake({ assets: loop }),
    `ASSET_CYCLE | asset "c", deps | Assets depend on each other in a circle: "c" → "b" → "a" → "c".`,
  );
  assert.match(mistake({ assets: [plain("a", { a: plain("a") })] }), /Asset "a" depends on itself/);
  const chain: AnyAsset[] = [];
  for (let at = 0; at < 20_000; at++) chain.push(plain(`a${at}`, at === 0 ? {} : { up: chain[at - 1] }));
  assert.deepEqual(mistakes({ assets: chain.toReversed() }), [], "a chain is no circle, however long");
});

test("checks read columns that are there, and are named once", () => {
  const checked = (...checks: readonly Check[]): AnyAsset =>
    untypedAsset({ key: "a", schema: Row, output: file("a"), checks, materialize: () => [] });
  const [wrong] = mistakes({ assets: [checked(check("c", "id", "amuont"))] });
  assert.equal(wrong?.message, `There is no column "amuont".`);
  assert.equal(wrong?.hint, `Did you mean "amount"?`);
  assert.match(mistake({ assets: [checked(check("c"), check("c"))] }), /^CHECK_INVALID .* two checks named "c"/);
  const twin = assetCheck({ asset: checked(check("c")), name: "c", run: () => ({ passed: true }) });
  assert.match(mistake({ assets: [checked(check("c"))], checks: [twin] }), /^CHECK_INVALID .* two checks named "c"/);
  assert.match(mistake({ assets: [], checks: [twin] }), /^DEPENDENCY_UNKNOWN \| check "c" on asset "a", deps.self/);
  const refused = untypedAsset({
    key: "a",
    schema: z.object({ id: z.email() }),
    output: file("a"),
    checks: [check("c", "id")],
    materialize: () => [],
  });
  assert.match(mistake({ assets: [refused] }), /^SCHEMA_UNSUPPORTED \| asset "a", schema.id/);
});

test("declared column lineage is between columns that are there", () => {
  const raw = asset({ key: "shop/raw", schema: Row, output: file("raw"), materialize: () => [] });
  const loose = plain("loose");
  const declared = (columnLineage: unknown): AnyAsset =>
    untypedAsset({
      key: "a",
      deps: { raw, loose },
      columnLineage: columnLineage as ColumnLineage,
      schema: Row,
      output: file("a"),
      materialize: () => [],
    });
  const told = (columnLineage: unknown): readonly string[] =>
    mistakes({ assets: [raw, loose, declared(columnLineage)] }).map(
      ({ code, place, message, hint }) => `${code} | ${place?.subject} | ${message} ${hint}`,
    );
  assert.deepEqual(
    told({ amuont: ["raw.amount"], amount: ["raw.amuont", "rwa.amount", "loose.anything", "raw"], id: "raw.id" }),
    [
      `COLUMN_LINEAGE_INVALID | asset "a", columnLineage.amuont | There is no column "amuont". Did you mean "amount"?`,
      `COLUMN_LINEAGE_INVALID | asset "a", columnLineage.amount | Asset "shop/raw" has no column "amuont". Did you mean "amount"?`,
      `COLUMN_LINEAGE_INVALID | asset "a", columnLineage.amount | "rwa.amount" is of no dependency. Did you mean "raw"?`,
      `COLUMN_LINEAGE_INVALID | asset "a", columnLineage.id | This does not say which columns it comes from. Give a list such as ["raw.amount"], or { inputFields, transformation, description }; a transformation is identity, transformation, aggregation.`,
    ],
  );
  assert.match(told({ id: ["previous.id"] }).join(), /"previous.id" is of no dependency\. .*readsPrevious: true/);
  assert.match(told({ id: { inputFields: ["raw.id"], transformation: "IDENTITY" } }).join(), /does not say/);
  const bare = untypedAsset({ key: "a", deps: { raw }, columnLineage: { id: ["raw.id"] }, materialize: () => {} });
  assert.match(mistake({ assets: [raw, bare] }), /^COLUMN_LINEAGE_INVALID .* The asset has no schema/);
});

test("a resource's configuration is parsed, but for what the environment will say", () => {
  const config = z.object({ path: z.string().min(3), nested: z.object({ size: z.int() }) });
  const make = resource({ key: "lake", config, open: ({ path }) => path });
  const using = (key: string, lake: unknown): AnyAsset =>
    untypedAsset({ key, resources: { lake: lake as ReturnType<typeof make> }, materialize: () => {} });
  assert.match(
    mistake({ assets: [using("a", make({ path: env("LAKE"), nested: { size: 1.5 } }))] }),
    /^RESOURCE_CONFIG \| resource "lake", nested.size/,
  );
  assert.match(
    mistake({ assets: [using("a", make({ path: env("LAKE", { default: "x" }), nested: { size: 1 } }))] }),
    /^RESOURCE_CONFIG \| resource "lake", path/,
  );
  const good = make({ path: env("LAKE"), nested: { size: 1 } });
  assert.deepEqual(
    mistakes({ assets: [using("a", good), using("b", make({ path: env("LAKE"), nested: { size: 1 } }))] }),
    [],
  );
  assert.match(
    mistake({ assets: [using("a", good), using("b", make({ path: env("POND"), nested: { size: 1 } }))] }),
    /^RESOURCE_DUPLICATE/,
  );
});

test("policies have numbers that make sense", () => {
  const of = (options: object): AnyAsset => untypedAsset({ key: "a", materialize: () => {}, ...options });
  assert.match(mistake({ assets: [of({ backfill: "range" })] }), /^BACKFILL_INVALID .* no partitions/);
  assert.match(
    mistake({ assets: [of({ partitions: days, backfill: { batches: 0 } })] }),
    /^BACKFILL_INVALID .* 0 partitions/,
  );
  assert.match(
    mistake({ assets: [of({ retry: retryPolicy({ maxRetries: -1 }) })] }),
    /^RETRY_INVALID \| asset "a", retry \| maxRetries cannot be -1/,
  );
  assert.match(mistake({ assets: [of({ retry: retryPolicy({ baseSeconds: NaN }) })] }), /baseSeconds cannot be NaN/);
  assert.match(
    mistake({ assets: [of({ retry: retryPolicy({ baseSeconds: 10, capSeconds: 5 }) })] }),
    /capSeconds, 5, is less than baseSeconds, 10/,
  );
  assert.match(mistake({ assets: [of({ retry: retryPolicy({ jitter: "some" as never }) })] }), /no jitter "some"/);
  assert.match(
    mistake({ assets: [of({ retention: { versions: -1 } })] }),
    /^RETENTION_INVALID \| asset "a", retention \| It cannot keep -1 versions/,
  );
  assert.match(mistake({ assets: [of({ retention: { days: Infinity } })] }), /keep versions for Infinity days/);
});

test("jobs select something, schedules run a job at times that come", () => {
  const assets = [plain("a"), plain("b")];
  assert.match(
    mistake({ assets, jobs: [job({ key: "j", select: "group:none" })] }),
    /^SELECTION_EMPTY \| job "j", select/,
  );
  assert.match(
    mistake({ assets, jobs: [job({ key: "j", select: "a and (" })] }),
    /^SELECTION_SYNTAX \| job "j", select/,
  );
  assert.match(mistake({ assets, jobs: [job({ key: "j", select: [] })] }), /^SELECTION_/);
  const all = job({ key: "j", select: assets });
  assert.equal(all.select, `key:"a" or key:"b"`);
  assert.match(mistake({ assets, jobs: [all, all] }), /^JOB_INVALID/);
  const at = (cron: string, timezone = "UTC"): DefineOptions => ({
    assets,
    jobs: [all],
    schedules: [schedule({ key: "s", job: all, cron, timezone })],
  });
  assert.deepEqual(mistakes(at("0 2 * * *")), []);
  assert.match(mistake(at("0 25 * * *")), /^CRON_INVALID \| schedule "s", cron/);
  assert.match(mistake(at("0 0 30 2 *")), /^CRON_INVALID/);
  assert.match(mistake(at("0 2 * * *", "Africa/Lago")), /^TIMEZONE_INVALID \| schedule "s", timezone/);
  const twice = [
    schedule({ key: "s", job: "j", cron: "0 2 * * *" }),
    schedule({ key: "s", job: "j", cron: "0 3 * * *" }),
  ];
  assert.match(mistake({ assets, jobs: [all], schedules: twice }), /^SCHEDULE_INVALID/);
});
