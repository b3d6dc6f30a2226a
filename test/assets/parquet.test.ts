import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import {
  bytes,
  date,
  decimal,
  decimalOf,
  type IrokoError,
  json,
  sensitive,
  smallint,
  timestamp,
  type TableSchema,
} from "../../packages/core/src/index.ts";
import { breakingChange } from "../../packages/core/src/definitions/schema-change.ts";
import { duckdbOf, parquet, query, readRows } from "../../packages/assets/src/index.ts";
import { day, rowsOf, step, tableOf } from "./step.ts";

const everyType = tableOf(
  z.object({
    text: z.string(),
    flag: z.boolean(),
    small: smallint(),
    whole: z.int(),
    wide: z.bigint(),
    float: z.number(),
    amount: decimal(18, 2),
    at: timestamp(),
    on: date(),
    extra: json(),
    raw: bytes(),
    maybe: z.string().nullable(),
  }),
);

const row = {
  text: `it's "quoted", ünï ☃`,
  flag: true,
  small: -32_768,
  whole: Number.MAX_SAFE_INTEGER,
  wide: -(2n ** 63n),
  float: 0.1,
  amount: decimalOf("-9007199254740993.07"),
  at: Temporal.Instant.from("2026-11-01T00:30:00.123456+01:00"),
  on: Temporal.PlainDate.from("1969-12-31"),
  extra: { a: [1, "x", null] },
  raw: new Uint8Array([0, 255, 39]),
  maybe: null,
};

test("rows of every column type come back as they were given", async (t) => {
  const s = step(t);
  const io = parquet({ path: "things" });
  const object = await s.stage(io, [row], s.slot(everyType));
  const relation = await s.load(io, "things", everyType, [object]);
  const [read] = await rowsOf<typeof row>(relation);
  assert.ok(read);
  assert.deepEqual(
    { ...read, at: read.at.toString(), on: read.on.toString(), raw: [...read.raw] },
    { ...row, at: "2026-10-31T23:30:00.123456Z", on: "1969-12-31", raw: [0, 255, 39] },
  );
  assert.equal(await relation.count(), 1);
});

test("a file has the schema's exact types in its order, zstd, and says whose it is", async (t) => {
  const s = step(t);
  const slot = s.slot(everyType);
  const object = await s.stage(parquet({ path: "things" }), [row], slot);
  const database = await duckdbOf(s.scope);
  const columns = await database.describe("from read_parquet($file)", { file: slot.file });
  assert.deepEqual(
    columns.map(({ type }) => type),
    [
      "VARCHAR",
      "BOOLEAN",
      "SMALLINT",
      "BIGINT",
      "BIGINT",
      "DOUBLE",
      "DECIMAL(18,2)",
      "TIMESTAMP WITH TIME ZONE",
      "DATE",
      "JSON",
      "BLOB",
      "VARCHAR",
    ],
  );
  const compressions = await database.all("select distinct compression from parquet_metadata($file)", {
    file: slot.file,
  });
  assert.deepEqual(compressions, [{ compression: "ZSTD" }]);
  const said = await database.all(
    "select decode(key) as key, decode(value) as value from parquet_kv_metadata($file) where decode(key) in ('iroko.asset', 'iroko.schema_hash') order by key",
    { file: slot.file },
  );
  assert.deepEqual(said, [
    { key: "iroko.asset", value: "things" },
    { key: "iroko.schema_hash", value: everyType.hash },
  ]);
  const file = readFileSync(slot.file);
  assert.equal(object.staged.sha256, createHash("sha256").update(file).digest("hex"));
  assert.equal(object.staged.bytes, file.length);
});

const numbered = tableOf(z.object({ id: z.int(), name: z.string().nullable() }));

test("equal rows give the same bytes from two threads, whatever order they come in", async (t) => {
  const s = step(t, { threads: 2 });
  const io = parquet({ path: "things", sortBy: ["name"] });
  const digests = new Set<string>();
  for (const order of ["id", "id desc", "hash(id)"]) {
    const text = `select range as id, 'n' || (range % 7) as name from range(450000) t(range) order by ${order.replace("id", "range")}`;
    const { staged } = await s.stage(io, query({ scope: s.scope }, text), s.slot(numbered));
    digests.add(`${staged.sha256} ${staged.dataVersion}`);
  }
  assert.equal(digests.size, 1);
});

test("the data version depends on rows and schema, not on order, and is the same in every process", async (t) => {
  const s = step(t);
  const one = parquet({ path: "a", sortBy: ["id"] });
  const other = parquet({ path: "b", sortBy: ["name"] });
  const rows = [
    { id: 1, name: "b" },
    { id: 2, name: "a" },
    { id: 2, name: "a" },
  ];
  const version = async (io: typeof one, given: unknown) => (await s.stage(io, given, s.slot(numbered))).dataVersion;
  const known = await version(one, rows);
  assert.equal(await version(other, rows.toReversed()), known);
  assert.notEqual(await version(one, rows.slice(0, 2)), known);
  assert.notEqual(await version(one, [...rows.slice(0, 2), { id: 2, name: null }]), known);
  // Another hash here: raise the algorithm's name in data-version.ts.
  assert.equal(known, `d1-${numbered.hash}-3-3c4e5e1660bbb54c-d5cb35e646171e4a`);
});

test("no value, and no rows, is a file of no rows with the schema", async (t) => {
  const s = step(t);
  const io = parquet({ path: "things" });
  for (const nothing of [undefined, [], query({ scope: s.scope }, "select 1 as id, 'x' as name where false")]) {
    const object = await s.stage(io, nothing, s.slot(numbered));
    assert.equal(object.rows, 0);
    const relation = await s.load(io, "things", numbered, [object]);
    assert.deepEqual(await rowsOf(relation), []);
    const database = await duckdbOf(s.scope);
    assert.deepEqual(await database.describe(`from ${relation.sql}`), [
      { name: "id", type: "BIGINT" },
      { name: "name", type: "VARCHAR" },
    ]);
  }
});

test("rows come from an async iterable a chunk at a time", async (t) => {
  const s = step(t);
  let made = 0;
  async function* many() {
    for (; made < 10_000; made += 1) yield { id: made, name: made % 3 === 0 ? null : `n${made}` };
  }
  const io = parquet({ path: "things", sortBy: ["id"] });
  const object = await s.stage(io, many(), s.slot(numbered));
  assert.equal(object.rows, 10_000);
  const relation = await s.load(io, "things", numbered, [object]);
  const read = await rowsOf<{ id: number; name: string | null }>(relation);
  assert.deepEqual(read[9_999], { id: 9_999, name: null });
  assert.equal(read.length, 10_000);
});

for (const [what, given, message] of [
  ["a wrong type", [{ id: 1, name: 7 }], /row 1, column "name": 7 is not a string/],
  ["a missing column", [{ id: 1, name: "x" }, { id: 2 }], /row 2, column "name": undefined is not/],
  ["a null where none may be", [{ id: null, name: "x" }], /column "id": null is not a value/],
  ["a fraction for an integer", [{ id: 1.5, name: "x" }], /1.5 is not an integer/],
  ["a column too many", [{ id: 1, name: "x", other: 1 }], /no column "other"/],
  ["what is no row", [3], /row 1: it is 3, not an object/],
  ["what is no table", "rows", /a string is not what parquet\(\) stores/],
] as const) {
  test(`rows with ${what} are refused by row and column`, async (t) => {
    const s = step(t);
    await assert.rejects(s.stage(parquet({ path: "things" }), given, s.slot(numbered)), (error: IrokoError) => {
      assert.equal(error.code, "OUTPUT_INVALID");
      assert.match(error.message, message);
      return true;
    });
  });
}

test("a decimal is stored exactly or refused, never rounded", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ amount: decimal(6, 2) }));
  const io = parquet({ path: "amounts" });
  const object = await s.stage(
    io,
    ["1", "1.2", "1.20", "-0.05", "9999.99"].map((amount) => ({ amount })),
    s.slot(schema),
  );
  const read = await rowsOf<{ amount: string }>(await s.load(io, "amounts", schema, [object]));
  assert.deepEqual(read.map(({ amount }) => amount).toSorted(), ["-0.05", "1.00", "1.20", "1.20", "9999.99"]);
  for (const amount of ["1.234", "10000", "1e3", 3.5, ""]) {
    await assert.rejects(
      s.stage(io, [{ amount }], s.slot(schema)),
      /is not a text of digits that DECIMAL\(6, 2\) holds/,
    );
  }
});

for (const [what, text, message] of [
  ["lacks a column", "select 1 as id", /gives no column "name" \(VARCHAR\)/],
  [
    "has one too many",
    "select 1 as id, 'a' as name, 2 as other",
    /gives column "other" \(INTEGER\), which the schema does not have/,
  ],
  ["has another type", "select 'x' as id, 'a' as name", /gives column "id" as VARCHAR, the schema says BIGINT/],
  ["has one twice", "select 1 as id, 'a' as name, 2 as name", /name/],
] as const) {
  test(`a relation that ${what} is refused before anything is written`, async (t) => {
    const s = step(t);
    const slot = s.slot(numbered);
    await assert.rejects(
      s.stage(parquet({ path: "things" }), query({ scope: s.scope }, text), slot),
      (error: IrokoError) => {
        assert.equal(error.code, "SQL_RESULT");
        assert.match(error.message, message);
        return true;
      },
    );
    assert.throws(() => readFileSync(slot.file), { code: "ENOENT" });
  });
}

const money = tableOf(z.object({ amount: decimal(18, 2), at: timestamp(), on: date() }));
for (const [what, text, message] of [
  [
    "a decimal of more places",
    "select 1.005 as amount, now() as at, current_date as on",
    /DECIMAL\(4,3\), the schema says DECIMAL\(18,2\)/,
  ],
  [
    "an average, which is a float",
    "select avg(x::DECIMAL(18,2)) as amount, now() as at, current_date as on from range(3) t(x)",
    /as DOUBLE/,
  ],
  ["a quotient, which is a float", "select 1.00 / 3 as amount, now() as at, current_date as on", /as DOUBLE/],
  [
    "a timestamp without zone",
    "select 1.00 as amount, timestamp '2026-11-01' as at, current_date as on",
    /column "at" as TIMESTAMP, /,
  ],
  [
    "an instant for a date",
    "select 1.00 as amount, now() as at, now() as on",
    /column "on" as TIMESTAMP WITH TIME ZONE/,
  ],
] as const) {
  test(`what DuckDB would lose silently is refused: ${what}`, async (t) => {
    const s = step(t);
    await assert.rejects(
      s.stage(parquet({ path: "things" }), query({ scope: s.scope }, text), s.slot(money)),
      (error: IrokoError) => {
        assert.equal(error.code, "SQL_RESULT");
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("sums and counts, which are wider than what they sum, are stored where they fit and fail where not", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ total: decimal(6, 2), n: smallint() }));
  const io = parquet({ path: "totals" });
  const totals = (count: number) =>
    query({ scope: s.scope }, `select sum(1.05::DECIMAL(18,2)) as total, count(*) as n from range(${count})`);
  const object = await s.stage(io, totals(1000), s.slot(schema));
  assert.deepEqual(await rowsOf(await s.load(io, "totals", schema, [object])), [{ total: "1050.00", n: 1000 }]);
  await assert.rejects(s.stage(io, totals(40_000), s.slot(schema)), { code: "SQL_FAILED" });
});

const contract = tableOf(
  z.object({
    id: z.string().min(2).max(4),
    kind: z.enum(["chip", "it's"]),
    amount: decimal(18, 2, { gt: 0, lte: "99.5" }),
    score: z.number().gte(0),
    code: z.string().regex(/^M\d+$/),
    phone: sensitive(z.string().nullable()),
    count: z.int().lt(10),
  }),
);
const good = `'ab' as id, 'chip' as kind, 1.00 as amount, 0.5::DOUBLE as score, 'M1' as code, '0800' as phone, 1 as count`;

for (const [rule, replacement] of [
  ["id has at least 2 characters", "'a' as id"],
  ["id has at most 4 characters", "'abcde' as id"],
  ["id is not null", "null::VARCHAR as id"],
  ["kind is one of chip, it's", "'swipe' as kind"],
  ["amount > 0", "0.00 as amount"],
  ["amount <= 99.5", "99.51 as amount"],
  ["score is finite", "'nan'::DOUBLE as score"],
  ["score >= 0", "-0.1::DOUBLE as score"],
  ["code matches ^M\\d+$", "'m1' as code"],
  ["count < 10", "10 as count"],
] as const) {
  test(`a file that breaks "${rule}" is refused, with how many rows and which`, async (t) => {
    const s = step(t);
    const text = `select ${good} from range(3) union all by name select * replace (${replacement}) from (select ${good})`;
    const staging = s.stage(
      parquet({ path: "things" }),
      query({ scope: s.scope }, text),
      s.slot(contract, { partition: day("2026-11-01") }),
    );
    await assert.rejects(staging, (error: IrokoError) => {
      assert.equal(error.code, "CONTRACT_VIOLATED");
      assert.ok(
        error.message.includes(
          `Asset "things", partition "2026-11-01" breaks its schema's contract: ${rule} (1 of 4 rows do not)`,
        ),
        error.message,
      );
      const details = error.details as { rules: unknown[]; sample: Record<string, unknown>[] };
      assert.deepEqual(details.rules, [{ column: rule.split(" ")[0], rule, violations: 1 }]);
      assert.equal(details.sample.length, 1);
      assert.equal(details.sample[0]?.["phone"], "•••");
      return true;
    });
  });
}

test("rows on the edge of every rule pass, and nullable columns may be null", async (t) => {
  const s = step(t);
  const text = `select ${good} union all by name select * replace ('abcd' as id, 'it''s' as kind, 99.50 as amount, 0::DOUBLE as score, null as phone, 9 as count) from (select ${good})`;
  const { rows } = await s.stage(parquet({ path: "things" }), query({ scope: s.scope }, text), s.slot(contract));
  assert.equal(rows, 2);
});

test("a dependant reads the files of several partitions as one relation; of none, as an empty one", async (t) => {
  const s = step(t);
  const io = parquet({ path: "things" });
  const objects = [];
  for (const [index, key] of ["2026-11-01", "2026-11-02"].entries()) {
    objects.push(await s.stage(io, [{ id: index, name: key }], s.slot(numbered, { partition: day(key) })));
  }
  const both = await s.load(io, "days", numbered, objects);
  assert.equal(await both.count(), 2);
  assert.deepEqual((await rowsOf<{ name: string }>(both)).map(({ name }) => name).toSorted(), [
    "2026-11-01",
    "2026-11-02",
  ]);
  const none = await s.load(io, "days", numbered, []);
  assert.equal(await none.count(), 0);
  assert.deepEqual(await rowsOf(none), []);
});

test("an older file without a nullable column reads as null beside newer ones", async (t) => {
  const s = step(t);
  const io = parquet({ path: "things" });
  const before = tableOf(z.object({ id: z.int() }));
  const old = await s.stage(io, [{ id: 1 }], s.slot(before, { partition: day("2026-11-01") }));
  const recent = await s.stage(io, [{ id: 2, name: "x" }], s.slot(numbered, { partition: day("2026-11-02") }));
  const relation = await s.load(io, "things", numbered, [old, recent]);
  const rows = await rowsOf<{ id: number; name: string | null }>(relation);
  assert.deepEqual(
    rows.toSorted((a, b) => a.id - b.id),
    [
      { id: 1, name: null },
      { id: 2, name: "x" },
    ],
  );
});

for (const [what, before, after, why] of [
  [
    "a column that cannot be null is new",
    z.object({ id: z.int() }),
    z.object({ id: z.int(), n: z.int() }),
    /column "n" is new and not nullable/,
  ],
  [
    "a type changed",
    z.object({ id: z.int() }),
    z.object({ id: z.string() }),
    /column "id" was BIGINT and is VARCHAR now/,
  ],
  ["a column is gone", z.object({ id: z.int(), n: z.int() }), z.object({ id: z.int() }), /column "n" is gone/],
  [
    "a column may no longer be null",
    z.object({ id: z.int().nullable() }),
    z.object({ id: z.int() }),
    /column "id" could be null and cannot now/,
  ],
] as const) {
  test(`an older file is refused where ${what}, with its partition`, async (t) => {
    const s = step(t);
    const io = parquet({ path: "things" });
    const [oldSchema, newSchema] = [tableOf(before), tableOf(after)];
    const objects = [];
    for (const key of ["2026-11-02", "2026-11-01"]) {
      objects.push(
        await s.stage(
          io,
          [{ id: 1, n: 1 }].map((value) => ("n" in before.shape ? value : { id: 1 })),
          s.slot(oldSchema, { partition: day(key) }),
        ),
      );
    }
    await assert.rejects(s.load(io, "things", newSchema, objects), (error: IrokoError) => {
      assert.equal(error.code, "SCHEMA_OLD");
      assert.match(error.message, why);
      assert.match(error.message, /2 partitions from "2026-11-01" to "2026-11-02"/);
      assert.deepEqual(error.details?.["partitions"], ["2026-11-01", "2026-11-02"]);
      return true;
    });
  });
}

test("what a plan and a deploy call breaking is just what cannot be read, for every pair of column types", async (t) => {
  const s = step(t);
  const io = parquet({ path: "things" });
  const one = (column: TableSchema["columns"][number]): TableSchema => withColumns([column]);
  const schemas = [
    ...everyType.columns.flatMap((column) => [
      one({ ...column, name: "c", nullable: false }),
      one({ ...column, name: "c", nullable: true }),
    ]),
    one({ ...everyType.columns[0]!, name: "other", nullable: true }),
    one({ ...everyType.columns[0]!, name: "other", nullable: false }),
  ];
  const written = [];
  for (const schema of schemas) written.push({ schema, object: await s.stage(io, [], s.slot(schema)) });
  const told: string[] = [];
  for (const { schema: was, object } of written) {
    for (const is of schemas) {
      const isRead = await s.load(io, "things", is, [object]).then(
        () => true,
        ({ code }: IrokoError) => (code === "SCHEMA_OLD" ? false : code),
      );
      if (isRead !== (was.hash === is.hash || breakingChange(was, is) === undefined))
        told.push(
          `${JSON.stringify(was.columns)} as ${JSON.stringify(is.columns)}: ${isRead}, ${breakingChange(was, is)}`,
        );
    }
  }
  assert.deepEqual(told, []);
});

/** Its hash tells schemas apart, which is all that is asked of it here. */
function withColumns(columns: TableSchema["columns"]): TableSchema {
  return { columns, hash: JSON.stringify(columns.map(({ name, type, nullable }) => [name, type, nullable])) };
}

test("folders and keys with quotes, wildcards and SQL in them are names and nothing else", async (t) => {
  const s = step(t, { folder: `it's "odd" [a-z]*?; drop table x; --` });
  const io = parquet({ path: "things" });
  const keys = ["../../etc", `'; drop view raw; --`, "a*", "[ab]", "a", "b"];
  const objects = [];
  for (const key of keys) {
    const slot = s.slot(numbered, { asset: `it's "mine"`, partition: { ...day("2026-11-01"), key } });
    objects.push(
      await s.stage(io, [{ id: 1, name: key }], {
        ...slot,
        file: slot.file.replace(/[^/]*$/, (name) =>
          decodeURIComponent(name).replaceAll("/", "%2F").replaceAll(/^\d+-/g, ""),
        ),
      }),
    );
  }
  for (const object of objects) {
    const file = join(s.directory, `${object.partition.key.replaceAll("/", "%2F")}.parquet`);
    const relation = await s.load(io, `na"me'; drop`, numbered, [{ ...object, file }]);
    assert.deepEqual(await rowsOf(relation), [{ id: 1, name: object.partition.key }]);
  }
});

test("rows to show are JSON, bounded, with sensitive columns masked unless asked for", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ id: z.int(), phone: sensitive(z.string()), amount: decimal(38, 2) }));
  const slot = s.slot(schema);
  const rows = [1, 2, 3].map((id) => ({ id, phone: "+234", amount: decimalOf("12345678901234567890.10") }));
  await s.stage(parquet({ path: "people", sortBy: ["id"] }), rows, slot);
  assert.deepEqual(await readRows([slot.file], schema, 2), [
    { id: 1, phone: "•••", amount: "12345678901234567890.10" },
    { id: 2, phone: "•••", amount: "12345678901234567890.10" },
  ]);
  const [open] = await readRows([slot.file], schema, 1, { maskSensitive: false });
  assert.equal(open?.["phone"], "+234");
  assert.deepEqual(await readRows([], schema, 2), []);
});
