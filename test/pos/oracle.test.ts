// The oracle is what the pipeline is measured by, so it is itself measured by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryCases } from "./cases.ts";
import { MiniBuffer, payload, type MiniDelivery } from "./mini-buffer.ts";
import { computeOracle, parseCsv, sameJson, type Oracle } from "./oracle.ts";

const none = { amount_not_positive: 0, amount_too_large: 0 };

for (const { name, expected, ...delivery } of deliveryCases) {
  test(`a delivery: ${name}`, () => {
    const oracle = oracleOf([{ id: "d1", ...delivery }]);
    const rows = oracle.days.flatMap((day) => oracle.day(day).raw);
    const reasons = oracle.days.flatMap((day) => oracle.day(day).quarantine.map((row) => row.reason));
    if (typeof expected === "string") return assert.deepEqual({ rows, reasons }, { rows: [], reasons: [expected] });
    assert.deepEqual(reasons, []);
    assert.equal(rows.length, 1);
    const { extra, ...row } = rows[0]!;
    const { extra: expectedExtra, ...expectedRow } = expected;
    assert.deepEqual(row, { ...row, ...expectedRow });
    if (expectedExtra !== undefined) assert.ok(sameJson(extra, expectedExtra), `extra is ${extra}`);
  });
}

test("a row lies in the day of its event in Lagos, a quarantined one in the day it was taken in", () => {
  const oracle = oracleOf([
    transaction("d1", "T1", "2026-11-01T23:59:59.999999+01:00"),
    transaction("d2", "T2", "2026-11-02T00:00:00+01:00"),
    transaction("d3", "T3", "2026-11-02T22:59:59.999Z"),
    transaction("d4", "T4", "2026-11-02T23:00Z"),
    { id: "q1", payload: "[", createdAt: "2026-11-02T22:59:59Z" },
    { id: "q2", payload: "[", createdAt: "2026-11-02T23:00:00Z" },
    { id: "q3", payload: "[", createdAt: 7 },
    { id: "q4", payload: "[", createdAt: "2026-10-31T10:00:00Z" },
  ]);
  const ids = (day: string): unknown =>
    [oracle.day(day).raw, oracle.day(day).quarantine].map((rows) => rows.map(({ id }) => id));
  assert.deepEqual(ids("2026-11-01"), [["d1"], ["q3", "q4"]]);
  assert.deepEqual(ids("2026-11-02"), [["d2", "d3"], ["q1"]]);
  assert.deepEqual(ids("2026-11-03"), [["d4"], ["q2"]]);
  assert.equal(oracle.day("2026-11-01").figures.quarantine.date_range, "1970-01-01/2026-10-31");
});

test("of each transaction the first delivery stays, and amounts are judged after that", () => {
  const at = "2026-11-01T10:00:00Z";
  const oracle = oracleOf([
    transaction("b", "tie", at, { amount_ngn: "1", createdAt: "2026-11-01T10:01:00Z" }),
    transaction("a", "tie", at, { amount_ngn: "2", createdAt: "2026-11-01T10:01:00Z" }),
    transaction("c", "same", at, { amount_ngn: "1500", createdAt: "2026-11-01T10:02:00Z" }),
    transaction("d", "same", at, { amount_ngn: "1500.00", createdAt: "2026-11-01T10:01:59.999Z" }),
    transaction("e", "zero first", at, { amount_ngn: "0", createdAt: "2026-11-01T10:01:00Z" }),
    transaction("f", "zero first", at, { amount_ngn: "9", createdAt: "2026-11-01T10:02:00Z" }),
    transaction("g", "zero last", at, { amount_ngn: "9", createdAt: "2026-11-01T10:01:00Z" }),
    transaction("h", "zero last", at, { amount_ngn: "-0.0", createdAt: "2026-11-01T10:02:00Z" }),
    transaction("i", "three", at, { amount_ngn: "5", createdAt: "2026-11-01T10:01:00Z" }),
    transaction("j", "three", at, { amount_ngn: "6", createdAt: "2026-11-01T10:02:00Z" }),
    transaction("k", "three", at, { amount_ngn: "7", createdAt: "2026-11-01T10:03:00Z" }),
    transaction("l", "three", at, { amount_ngn: "5.0", createdAt: "2026-11-01T10:04:00Z" }),
    transaction("m", "most", at, { amount_ngn: "99999999.99" }),
    transaction("n", "too much", at, { amount_ngn: "100000000" }),
    transaction("o", "negative", at, { amount_ngn: "-0.01" }),
    transaction("p", "least", at, { amount_ngn: "0.01" }),
  ]);
  const { raw, cleaned, figures } = oracle.day("2026-11-01");
  assert.deepEqual(
    cleaned.map((row) => [row.transaction_id, row.id, row.amount_ngn]),
    [
      ["least", "p", "0.01"],
      ["most", "m", "99999999.99"],
      ["same", "d", "1500.00"],
      ["three", "i", "5.00"],
      ["tie", "a", "2.00"],
      ["zero last", "g", "9.00"],
    ],
  );
  assert.equal(raw.length, 16);
  assert.deepEqual(figures.cleaned, {
    row_count: 6,
    input_rows: 16,
    output_rows: 6,
    duplicates_removed: 7, // tie 1, same 1, zero first 1, zero last 1, three 3
    conflicting_duplicates: 5, // tie 1, zero first 1, zero last 1, three 2
    cross_day_duplicates: 0,
    rejected: { amount_not_positive: 2, amount_too_large: 1 }, // zero first, negative; too much
    quarantined: {},
    pending_in_buffer: 0,
    total_revenue_ngn: "100001516.00", // 0.01 + 99,999,999.99 + 1500 + 5 + 2 + 9
    states_covered: 1,
    date_range: "2026-11-01/2026-11-01",
  });
});

test("the same transaction within three days before is counted once, whatever became of it there", () => {
  const oracle = oracleOf([
    transaction("a", "one back", "2026-11-04T10:00:00Z"),
    transaction("b", "three back", "2026-11-02T10:00:00Z", { amount_ngn: "0" }),
    transaction("c", "four back", "2026-11-01T10:00:00Z"),
    transaction("d", "twice", "2026-11-03T10:00:00Z"),
    transaction("e", "twice", "2026-11-04T10:00:00Z"),
    ...["one back", "three back", "four back", "twice", "new"].map((id, n) =>
      transaction(`x${n}`, id, "2026-11-05T10:00:00Z"),
    ),
    transaction("y", "one back", "2026-11-05T11:00:00Z"),
  ]);
  assert.equal(oracle.day("2026-11-05").figures.cleaned.cross_day_duplicates, 3);
  assert.equal(oracle.day("2026-11-04").figures.cleaned.cross_day_duplicates, 1);
  assert.equal(oracle.day("2026-11-05").cleaned.length, 5);
});

test("revenue is by state, lga and category, unknown merchants together, to the kobo, rounded half up", () => {
  const at = "2026-11-01T10:00:00Z";
  const oracle = oracleOf([
    transaction("a", "T1", at, { merchant_id: "M000417", amount_ngn: "10.00" }),
    transaction("b", "T2", at, { merchant_id: "M000417", amount_ngn: "10.01" }), // 20.01 / 2 = 10.005
    transaction("c", "T3", at, { merchant_id: "M000002", amount_ngn: "0.10" }),
    transaction("d", "T4", at, { merchant_id: "M000002", amount_ngn: "0.20" }),
    transaction("e", "T5", at, { merchant_id: "M000002", amount_ngn: "0.01" }), // 0.31 / 3 = 0.10333…
    transaction("f", "T6", at, { merchant_id: "M999999", amount_ngn: "1" }),
    transaction("g", "T7", at, { merchant_id: "m000417", amount_ngn: "1" }),
    transaction("h", "T8", at, { merchant_id: "M000004", amount_ngn: "0.02" }), // known, but of no state; 2.02 / 3 = 0.67333…
    transaction("i", "T9", at, { merchant_id: "M000003", amount_ngn: "99999999.99" }),
  ]);
  const { revenue, cleaned, figures } = oracle.day("2026-11-01");
  const row = (
    state: string | null,
    lga: string | null,
    merchant_category: string | null,
    ...rest: [string, number, number, string]
  ) => {
    const [total_revenue, transaction_count, unique_merchants, avg_transaction] = rest;
    const group = { state, lga, merchant_category, event_date: "2026-11-01" };
    return { ...group, total_revenue, transaction_count, unique_merchants, avg_transaction };
  };
  assert.deepEqual(revenue, [
    row("Kano", "Fagge", "Grocery", "99999999.99", 1, 1, "99999999.99"),
    row("Lagos", "Ikeja", "Grocery", "20.01", 2, 1, "10.01"),
    row("Lagos", "Ikeja", "Restaurant", "0.31", 3, 1, "0.10"),
    row(null, null, null, "2.02", 3, 3, "0.67"),
  ]);
  assert.equal(figures.revenue.total_revenue_ngn, "100000022.33");
  assert.equal(figures.revenue.states_covered, 2);
  assert.equal(figures.revenue.input_rows, 9);
  assert.equal(figures.revenue.output_rows, 4);
  const known = cleaned.find((each) => each.transaction_id === "T8");
  assert.deepEqual([known?.merchant_name, known?.state], ["Nowhere", null]);
  assert.ok(!Object.hasOwn(known!, "phone_number"));
});

test("rows not delivered count as pending for the day where they would end up, and nowhere else", () => {
  const oracle = oracleOf([
    { ...transaction("a", "T1", "2026-11-01T10:00:00Z"), status: "pending" },
    { ...transaction("b", "T2", "2026-11-01T23:30:00Z"), status: "sending" },
    { ...transaction("c", "T3", "2026-11-01T12:00:00Z"), status: "failed" },
    { id: "d", payload: "", createdAt: "2026-11-03T10:00:00Z", status: "pending" },
    { id: "e", payload: "", createdAt: 0, status: "failed" },
    transaction("f", "T6", "2026-11-02T12:00:00Z"),
  ]);
  const pending = oracle.days.map((day) => oracle.day(day).figures.raw.pending_in_buffer);
  assert.deepEqual(oracle.days, ["2026-11-01", "2026-11-02", "2026-11-03"]);
  assert.deepEqual(pending, [3, 1, 1]);
  assert.equal(oracle.sentRows, 1);
  assert.deepEqual(oracle.day("2026-11-01").quarantine, []);
  assert.equal(oracle.day("2026-11-02").figures.cleaned.pending_in_buffer, 1);
});

test("a day without rows has empty tables and says so", () => {
  const day = oracleOf([]).day("2026-11-09");
  assert.deepEqual([day.raw, day.quarantine, day.cleaned, day.revenue], [[], [], [], []]);
  assert.deepEqual(day.figures.cleaned.rejected, none);
  assert.equal(day.figures.cleaned.total_revenue_ngn, "0.00");
  assert.equal(day.figures.cleaned.date_range, null);
  assert.equal(day.figures.raw.quarantined["not_json"], 0);
  assert.equal(day.quiet, true);
});

test("a day is quiet with fewer rows than half the median of up to seven days before", () => {
  const rows = [4, 9, 6, 100, 3, 2, 4, 3, 2, 1]; // per day, from the start
  const oracle = oracleOf(
    rows.flatMap((count, d) =>
      Array.from({ length: count }, (_, n) =>
        transaction(`${d}-${n}`, `T${d}-${n}`, `2026-11-${String(d + 1).padStart(2, "0")}T10:00:00Z`),
      ),
    ),
  );
  // medians before each day: –, 4, 6.5, 6, 7.5, 6, 5, 4, 4, 3
  const quiet = [false, false, false, false, true, true, false, false, false, true];
  assert.deepEqual(
    oracle.days.map((day) => oracle.day(day).quiet),
    quiet,
  );
});

test("what the forwarder cleaned away stays, and what comes late is added", () => {
  using mini = new MiniBuffer([
    transaction("a", "T1", "2026-11-01T10:00:00Z", { amount_ngn: "1" }),
    transaction("b", "T2", "2026-11-01T11:00:00Z", { amount_ngn: "2" }),
    { id: "q", payload: "{", createdAt: "2026-11-01T10:00:00Z" },
  ]);
  const first = computeOracle(mini);
  for (const id of ["a", "q"]) mini.delete(id);
  mini.deliver([
    transaction("c", "T1", "2026-11-01T10:00:00Z", { amount_ngn: "3", createdAt: "2026-11-05T10:00:00Z" }),
  ]);
  const second = computeOracle({ ...mini, previous: first });
  const { raw, quarantine, cleaned, figures } = second.day("2026-11-01");
  assert.deepEqual(
    raw.map((row) => row.id),
    ["a", "b", "c"],
  );
  assert.deepEqual(
    quarantine.map((row) => row.id),
    ["q"],
  );
  assert.deepEqual(
    cleaned.map((row) => [row.id, row.amount_ngn]),
    [
      ["a", "1.00"],
      ["b", "2.00"],
    ],
  );
  assert.deepEqual([figures.raw.input_rows, figures.raw.output_rows, figures.quarantine.input_rows], [2, 3, 0]);
  assert.deepEqual([figures.cleaned.duplicates_removed, figures.cleaned.conflicting_duplicates], [1, 1]);
  assert.deepEqual(
    computeOracle(mini)
      .day("2026-11-01")
      .raw.map((row) => row.id),
    ["b", "c"],
  );
});

test("the merchants file is read by RFC 4180, an empty field is NULL", () => {
  const text =
    '\ufeffmerchant_id,merchant_name,merchant_category,state,lga\r\nM2,"a ""b"", c\nd", x ,"",\r\nM10,ọjà,,Lagos,Ikeja';
  using mini = new MiniBuffer([], text);
  const { merchants, merchantFigures } = computeOracle(mini);
  assert.deepEqual(merchants, [
    { merchant_id: "M10", merchant_name: "ọjà", merchant_category: null, state: "Lagos", lga: "Ikeja" },
    { merchant_id: "M2", merchant_name: 'a "b", c\nd', merchant_category: " x ", state: null, lga: null },
  ]);
  assert.deepEqual(
    [merchantFigures.row_count, merchantFigures.states_covered, merchantFigures.total_revenue_ngn],
    [2, 1, null],
  );
  assert.deepEqual(parseCsv('a,\n"",b\n'), [
    ["a", ""],
    ["", "b"],
  ]);
});

test("a doubled or missing merchant_id and other columns are refused", () => {
  const header = "merchant_id,merchant_name,merchant_category,state,lga\n";
  for (const [csv, message] of [
    [`${header}M1,a,b,c,d\nM1,e,f,g,h\n`, /not unique/],
    [`${header},a,b,c,d\n`, /without merchant_id/],
    [`${header}M1,a,b,c\n`, /4 fields/],
    ["merchant_id,name\nM1,a\n", /columns/],
  ] as const) {
    using mini = new MiniBuffer([], csv);
    assert.throws(() => computeOracle(mini), message);
  }
});

test("JSON is the same whatever the order of names, and not otherwise", () => {
  assert.ok(sameJson('{"a":1,"b":{"c":[1.0,-0]}}', '{ "b":{"c":[1,0]},"a":1e0}'));
  assert.ok(!sameJson('{"a":[1,2]}', '{"a":[2,1]}'));
  assert.ok(!sameJson('{"a":"1"}', '{"a":1}'));
  assert.ok(!sameJson("{}", null));
  assert.ok(sameJson(null, null));
});

function oracleOf(deliveries: readonly MiniDelivery[]): Oracle {
  using mini = new MiniBuffer(deliveries);
  return computeOracle(mini);
}

interface Changes {
  readonly amount_ngn?: string;
  readonly merchant_id?: string;
  readonly createdAt?: string;
}

/** A transaction that happened then and was taken in a second later, unless told otherwise. */
function transaction(id: string, transactionId: string, eventTime: string, changes: Changes = {}): MiniDelivery {
  const { amount_ngn = "100", merchant_id = "M000417" } = changes;
  const createdAt = changes.createdAt ?? Temporal.Instant.from(eventTime).add({ seconds: 1 }).toString();
  return {
    id,
    createdAt,
    payload: payload({
      amount_ngn,
      merchant_id: JSON.stringify(merchant_id),
      transaction_id: JSON.stringify(transactionId),
      event_time: JSON.stringify(eventTime),
    }),
  };
}
