import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytes,
  date,
  decimal,
  json,
  readSchema,
  sensitive,
  smallint,
  timestamp,
  tinyint,
  type Column,
} from "@iroko/core";
import { z } from "zod";

function columnOf(type: z.ZodType): Column {
  const { schema, problems } = readSchema(z.object({ c: type }));
  assert.deepEqual(problems, []);
  return schema.columns[0]!;
}

function problemOf(type: z.ZodType): string {
  const { problems } = readSchema(z.object({ fine: z.string(), odd: type }));
  assert.equal(problems.length, 1, JSON.stringify(problems));
  assert.equal(problems[0]!.column, "odd");
  assert.match(problems[0]!.message, /^Column "odd": /);
  return problems[0]!.hint;
}

const plain = { name: "c", nullable: false, sensitive: false };
const safe = {
  minimum: { value: "-9007199254740991", inclusive: true },
  maximum: { value: "9007199254740991", inclusive: true },
};

test("every type of the closed set becomes a column type", () => {
  assert.deepEqual(columnOf(z.string()), { ...plain, type: { kind: "text" } });
  assert.deepEqual(columnOf(z.boolean()), { ...plain, type: { kind: "boolean" } });
  assert.deepEqual(columnOf(z.int()), { ...plain, type: { kind: "integer", bits: 64 }, ...safe });
  assert.deepEqual(columnOf(z.number().int()), { ...plain, type: { kind: "integer", bits: 64 }, ...safe });
  assert.deepEqual(columnOf(z.int32()), { ...plain, type: { kind: "integer", bits: 32 } });
  assert.deepEqual(columnOf(z.bigint()), { ...plain, type: { kind: "integer", bits: 64, as: "bigint" } });
  assert.deepEqual(columnOf(z.number()), { ...plain, type: { kind: "float", bits: 64 } });
  assert.deepEqual(columnOf(z.float64()), { ...plain, type: { kind: "float", bits: 64 } });
  assert.deepEqual(columnOf(z.float32()), { ...plain, type: { kind: "float", bits: 32 } });
  assert.deepEqual(columnOf(z.enum(["a", "b"])), { ...plain, type: { kind: "text" }, enum: ["a", "b"] });
  assert.deepEqual(columnOf(decimal(18, 2)), { ...plain, type: { kind: "decimal", precision: 18, scale: 2 } });
  assert.deepEqual(columnOf(timestamp()), { ...plain, type: { kind: "timestamp" } });
  assert.deepEqual(columnOf(date()), { ...plain, type: { kind: "date" } });
  assert.deepEqual(columnOf(json()), { ...plain, type: { kind: "json" } });
  assert.deepEqual(columnOf(bytes()), { ...plain, type: { kind: "bytes" } });
  assert.deepEqual(columnOf(tinyint()).type, { kind: "integer", bits: 8 });
  assert.deepEqual(columnOf(smallint()).type, { kind: "integer", bits: 16 });
});

test("bounds, lengths and patterns are kept exactly, the tightest of several", () => {
  const bounded = columnOf(z.number().gt(0).gte(-1).lt(1e21).lte(2e21).lt(1e-7));
  assert.deepEqual(bounded.minimum, { value: "0", inclusive: false });
  assert.deepEqual(bounded.maximum, { value: "0.0000001", inclusive: false });
  assert.deepEqual(columnOf(z.bigint().gte(-9_007_199_254_740_993n)).minimum, {
    value: "-9007199254740993",
    inclusive: true,
  });
  assert.deepEqual(columnOf(z.int().gte(5).gt(5)).minimum, { value: "5", inclusive: false });
  assert.deepEqual(columnOf(decimal(18, 2, { gt: 0, lte: "99999999.99" })).minimum, { value: "0", inclusive: false });
  assert.deepEqual(columnOf(decimal(18, 2, { gt: 0, lte: "99999999.99" })).maximum, {
    value: "99999999.99",
    inclusive: true,
  });
  const text = columnOf(
    z
      .string()
      .min(2)
      .max(9)
      .regex(/^T\d{3}$/i),
  );
  assert.equal(text.minLength, 2);
  assert.equal(text.maxLength, 9);
  assert.equal(text.pattern, String.raw`(?i)^T\d{3}$`);
  const fixedLength = columnOf(z.string().length(4).max(9));
  assert.deepEqual([fixedLength.minLength, fixedLength.maxLength], [4, 4]);
  assert.equal(columnOf(z.string().regex(/[^\u00e9\u{1F600}]\/x/u)).pattern, String.raw`[^\x{00e9}\x{1F600}]\/x`);
});

test("nullable, sensitive and a description stand in any order", () => {
  const wanted = {
    ...plain,
    type: { kind: "decimal", precision: 9, scale: 2 },
    nullable: true,
    sensitive: true,
    description: "in naira",
  };
  assert.deepEqual(columnOf(sensitive(decimal(9, 2)).describe("in naira").nullable()), wanted);
  assert.deepEqual(columnOf(sensitive(decimal(9, 2).nullable()).describe("in naira")), wanted);
  assert.deepEqual(columnOf(sensitive(decimal(9, 2).describe("in naira").nullable().nullable())), wanted);
  assert.equal(columnOf(sensitive(z.string()).min(3)).sensitive, true);
});

test("each feature outside the set is refused by its column, with what to use instead", () => {
  const at = new Date(0);
  const refused: readonly (readonly [z.ZodType, RegExp])[] = [
    [z.string().optional(), /nullable/],
    [z.string().nullish(), /nullable/],
    [z.string().default("x"), /nullable/],
    [z.string().prefault("x"), /nullable/],
    [z.string().refine((value) => value !== ""), /sqlCheck/],
    [z.string().transform((value) => value.length), /materialize/],
    [z.string().trim(), /materialize/],
    [z.string().catch("x"), /materialize/],
    [z.string().readonly(), /Leave it out/],
    [z.string().pipe(z.string()), /materialize/],
    [z.coerce.number(), /Convert/],
    [z.email(), /regex/],
    [z.uuid(), /regex/],
    [z.iso.datetime(), /timestamp\(\)/],
    [z.iso.date(), /date\(\)/],
    [z.string().startsWith("a"), /regex/],
    [z.date().min(at), /timestamp\(\)/],
    [z.literal("a"), /z\.enum/],
    [z.union([z.string(), z.int()]), /json\(\)/],
    [z.object({ a: z.string() }), /json\(\)/],
    [z.array(z.string()), /json\(\)/],
    [z.record(z.string(), z.string()), /json\(\)/],
    [z.json(), /json\(\)/],
    [z.any(), /json\(\)/],
    [z.uint32(), /z\.int\(\)/],
    [z.uint64(), /z\.bigint\(\)/],
    [z.number().multipleOf(0.01), /decimal/],
    [z.enum({ one: 1 }), /texts/],
    [z.custom(() => true), /sqlCheck/],
    [decimal(18, 2).refine(() => true), /sqlCheck/],
    [z.string().regex(/a(?=b)/), /RE2/],
    [z.string().regex(/(a)\1/), /RE2/],
    [z.string().regex(/a/m), /RE2/],
    [z.string().regex(/a/).regex(/b/), /into one/],
    [decimal(39, 2), /1 to 38/],
    [decimal(4, 5), /1 to 38/],
    [decimal(4, 2, { gt: "much" }), /digits/],
    [z.symbol(), /Use one of/],
  ];
  for (const [type, hint] of refused) assert.match(problemOf(type), hint);
});

test("an object that is no plain table is refused", () => {
  const messages = (schema: z.ZodObject): readonly string[] =>
    readSchema(schema).problems.map(({ message }) => message);
  assert.match(messages(z.strictObject({ a: z.string() }))[0]!, /catchall/);
  assert.match(messages(z.looseObject({ a: z.string() }))[0]!, /catchall/);
  assert.match(messages(z.object({ a: z.string() }).refine(() => true))[0]!, /several columns/);
  assert.match(messages(z.object({}))[0]!, /at least one column/);
  assert.match(messages(z.object({ id: z.string(), ID: z.string() }))[0]!, /only in case/);
  assert.match(messages(z.string() as never)[0]!, /z\.object/);
});

test("the hash is of names, types and nullability: nothing else that a reader could see", () => {
  const hash = (shape: z.ZodRawShape): string => readSchema(z.object(shape)).schema.hash;
  const base = hash({ a: z.string(), n: z.int() });
  assert.match(base, /^[0-9a-f]{16}$/);
  assert.equal(hash({ a: sensitive(z.string().min(1)).describe("x"), n: z.bigint() }), base);
  assert.notEqual(hash({ n: z.int(), a: z.string() }), base);
  assert.notEqual(hash({ a: z.string().nullable(), n: z.int() }), base);
  assert.notEqual(hash({ a: z.string(), n: z.int32() }), base);
});

test("our column types judge values as the table would", () => {
  const money = decimal(5, 2);
  for (const good of ["1.20", "-999.99", "0", "007"]) assert.ok(money.safeParse(good).success, good);
  for (const bad of ["1.205", "1000", 1.2, "1e2", "", ".5", "x"]) assert.ok(!money.safeParse(bad).success, String(bad));
  assert.ok(timestamp().safeParse(Temporal.Instant.fromEpochMilliseconds(0)).success);
  assert.ok(!timestamp().safeParse("2026-11-01T00:00:00Z").success);
  assert.ok(date().safeParse(Temporal.PlainDate.from("2026-11-01")).success);
  assert.ok(!date().safeParse(new Date(0)).success);
  assert.ok(!tinyint().safeParse(128).success);
});
