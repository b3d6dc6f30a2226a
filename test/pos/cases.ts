// Deliveries and what the rules make of each, worked out by hand from examples/pos-pipeline/RULES.md: for the oracle, and for any
// other implementation. All are taken in at the same instant unless they say otherwise.
import type { QuarantineReason, RawRow } from "./oracle.ts";
import { payload } from "./mini-buffer.ts";

export interface DeliveryCase {
  readonly name: string;
  readonly payload: string;
  /** ISO 8601 or seconds. */
  readonly createdAt: string | number;
  readonly checksum?: string;
  readonly expected: QuarantineReason | Partial<RawRow>;
}

const takenIn = "2026-11-03T12:00:00Z";

export const deliveryCases: readonly DeliveryCase[] = [
  {
    name: "the README's own example",
    payload:
      '{"amount_ngn":3891.25,"channel":"chip","customer_id":"C182034","event_time":"2026-11-01T08:14:22.031Z","merchant_id":"M000417",' +
      '"phone_number":"+2348000182034","terminal_id":"POS01177","transaction_id":"T000-00081234"}',
    createdAt: takenIn,
    expected: {
      created_at: "2026-11-03T12:00:00.000000Z",
      transaction_id: "T000-00081234",
      merchant_id: "M000417",
      terminal_id: "POS01177",
      customer_id: "C182034",
      amount_ngn: "3891.25",
      event_time: "2026-11-01T08:14:22.031000Z",
      phone_number: "+2348000182034",
      channel: "chip",
      extra: null,
    },
  },

  ...texts("not_json", {
    empty: "",
    "white space": " \n",
    "cut short": payload().slice(0, 60),
    "an array": "[1]",
    "a number": "1",
    null: "null",
    "a trailing comma": '{"a":1,}',
    "a missing comma": '{"a":1 "b":2}',
    NaN: payload({ x: "NaN" }),
    "-Infinity": payload({ amount_ngn: "-Infinity" }),
    "a comment": `${payload()}//`,
    "a byte order mark": `\ufeff${payload()}`,
    "a raw line end in a string": payload({ x: '"a\nb"' }),
    "a no-break space around it": `\u00a0${payload()}`,
    "the first half of a pair": payload({ x: '"\\ud83d"' }),
    "the second half of a pair": payload({ x: '"\\uDE00"' }),
    "two first halves": payload({ x: '"\\ud83d\\ud83d\\ude00"' }),
    "half a pair in a name": payload({ x: '{"\\ud83d":1}' }),
    "an amount with a plus": payload({ amount_ngn: "+1" }),
    "an amount with a leading zero": payload({ amount_ngn: "01.50" }),
    "an amount that ends in a point": payload({ amount_ngn: "1." }),
    "an amount that begins with a point": payload({ amount_ngn: ".5" }),
    "a repeated and broken one": `${payload()}${payload()}`,
  }),
  { name: "not_json comes before its checksum", payload: "{", createdAt: takenIn, checksum: "x", expected: "not_json" },
  {
    name: "a wrong checksum",
    payload: payload(),
    createdAt: takenIn,
    checksum: "0000000000000000",
    expected: "checksum_mismatch",
  },
  {
    name: "a checksum comes before a field",
    payload: "{}",
    createdAt: takenIn,
    checksum: "",
    expected: "checksum_mismatch",
  },

  ...texts("missing_field", {
    "no field at all": "{}",
    "no transaction_id": payload({ transaction_id: undefined }),
    "a null merchant_id": payload({ merchant_id: "null" }),
    "an empty amount": payload({ amount_ngn: '""' }),
    "a null amount": payload({ amount_ngn: "null" }),
    "an empty event_time": payload({ event_time: '""' }),
    "no event_time": payload({ event_time: undefined }),
    "a transaction_id that is a number": payload({ transaction_id: "81234" }),
    "a merchant_id that is an array": payload({ merchant_id: '["M000417"]' }),
    "a missing id comes before a bad amount": payload({ merchant_id: "false", amount_ngn: "true" }),
    "a name in other letters": payload({ transaction_id: undefined, Transaction_Id: '"T1"' }),
    "only a nested amount": payload({ amount_ngn: undefined, nested: '{"amount_ngn":1}' }),
    "the first of two is null": `{"amount_ngn":null,${payload().slice(1)}`,
  }),

  ...each("bad_amount", "amount_ngn", [
    ...["true", "false", '"3891.25"', '" "', "[1]", "[]", "{}", "3891.255", "3891.250", "0.000", "1e3", "1E2", "1e0"],
    ...["0.5e1", "-0e0", "10000000000000000", "-10000000000000000", "99999999999999999.9", "1e400", "9".repeat(400)],
  ]),
  ...texts("bad_amount", {
    "a bad amount comes before a bad time": payload({ amount_ngn: "1e3", event_time: "5" }),
    "the first of two is bad": `{"amount_ngn":1e3,${payload().slice(1)}`,
  }),
  ...amounts({
    "0": "0.00",
    "-0": "0.00",
    "-0.0": "0.00",
    "5": "5.00",
    "-5.5": "-5.50",
    "0.01": "0.01",
    "-0.01": "-0.01",
    "3891.20": "3891.20",
    "99999999.99": "99999999.99",
    "100000000": "100000000.00",
    "9007199254740993": "9007199254740993.00",
    "9999999999999999.99": "9999999999999999.99",
    "-9999999999999999.99": "-9999999999999999.99",
    "8192.15": "8192.15",
  }),

  ...each("bad_time", "event_time", [
    ...["1793520862", "true", "{}", "[]", '" "', '"now"', '"2026-11-01"', '"2026-11-01Z"', '"2026-11-01T08:14:22"'],
    ...['"2026-11-01 08:14:22Z"', '"2026-11-01t08:14:22Z"', '"2026-11-01T08:14:22z"', '"2026-11-31T08:14:22Z"'],
    ...['"2026-02-29T08:14:22Z"', '"2026-13-01T08:14:22Z"', '"2026-00-01T08:14:22Z"', '"2026-11-00T08:14:22Z"'],
    ...[
      '"2026-11-01T24:00:00Z"',
      '"2026-11-01T23:59:60Z"',
      '"2026-11-01T08:60:00Z"',
      '"2026-11-01T08Z"',
      '"2026-11-01T08:14:22.Z"',
    ],
    ...[
      '"2026-11-01T08:14.5Z"',
      '"2026-11-01T08:14:22.0123456789Z"',
      '"2026-11-01T08:14:22+24:00"',
      '"2026-11-01T08:14:22+1"',
    ],
    ...['"2026-11-01T08:14:22+01:60"', '"2026-11-01T08:14:22+01:00:00"', '"2026-11-01T08:14:22+01:00[Africa/Lagos]"'],
    ...[
      '"2026-11-01T08:14:22Z "',
      '" 2026-11-01T08:14:22Z"',
      '"2026-11-01T08:14:22Z\\n"',
      '"20261101T081422Z"',
      '"2026-W44-7T08:14:22Z"',
    ],
    ...[
      '"+002026-11-01T08:14:22Z"',
      '"-2026-11-01T08:14:22Z"',
      '"2026-11-01T08:14:22 +01:00"',
      '"2026-11-01T08:14:22−01:00"',
    ],
    ...['"2026-11-01T08:14:22GMT"', '"２026-11-01T08:14:22Z"', '"10000-01-01T00:00:00Z"'],
  ]),
  ...times({
    "2026-11-01T08:14Z": "2026-11-01T08:14:00.000000Z",
    "2026-11-01T08:14+01:00": "2026-11-01T07:14:00.000000Z",
    "2026-11-01T08:14:22Z": "2026-11-01T08:14:22.000000Z",
    "2026-11-01T08:14:22.5Z": "2026-11-01T08:14:22.500000Z",
    "2026-11-01T08:14:22,031Z": "2026-11-01T08:14:22.031000Z",
    "2026-11-01T08:14:22.9999999Z": "2026-11-01T08:14:22.999999Z",
    "2026-11-01T08:14:22.000000999Z": "2026-11-01T08:14:22.000000Z",
    "2026-11-01T00:30:00+01:00": "2026-10-31T23:30:00.000000Z",
    "2026-11-01T00:30:00+0100": "2026-10-31T23:30:00.000000Z",
    "2026-11-01T00:30:00+01": "2026-10-31T23:30:00.000000Z",
    "2026-11-02T00:30:00.25+05:30": "2026-11-01T19:00:00.250000Z",
    "2026-11-01T20:00:00-05:00": "2026-11-02T01:00:00.000000Z",
    "2026-11-01T20:00:00-0330": "2026-11-01T23:30:00.000000Z",
    "2026-11-02T00:00:00-00:00": "2026-11-02T00:00:00.000000Z",
    "2026-11-02T00:00:00+23:59": "2026-11-01T00:01:00.000000Z",
    "2026-10-31T23:00:00-12": "2026-11-01T11:00:00.000000Z",
    "2026-10-31T23:00:00Z": "2026-10-31T23:00:00.000000Z",
  }),

  ...[
    {
      event: "2026-11-03T12:10:00Z",
      createdAt: "2026-11-03T12:00:00Z",
      expected: { event_time: "2026-11-03T12:10:00.000000Z" },
    },
    {
      event: "2026-11-03T12:10:00.000000999Z",
      createdAt: "2026-11-03T12:00:00Z",
      expected: { event_time: "2026-11-03T12:10:00.000000Z" },
    },
    { event: "2026-11-03T12:10:00.000001Z", createdAt: "2026-11-03T12:00:00Z", expected: "clock_ahead" },
    { event: "2026-11-03T13:10:00.001+01:00", createdAt: "2026-11-03T12:00:00Z", expected: "clock_ahead" },
    { event: "9999-12-31T23:59:59.999999999-23:59", createdAt: takenIn, expected: "clock_ahead" },
    { event: "2026-11-03T12:00:00Z", createdAt: 0, expected: "clock_ahead" },
    { event: "2026-10-31T22:59:59.999999999Z", createdAt: takenIn, expected: "before_start" },
    { event: "2026-10-31T23:59:59.999+01:00", createdAt: takenIn, expected: "before_start" },
    { event: "1970-01-01T00:00:00Z", createdAt: takenIn, expected: "before_start" },
    { event: "1970-01-01T00:00:00Z", createdAt: 0, expected: "before_start" },
    { event: "1969-12-31T23:59:59.999999999Z", createdAt: takenIn, expected: "before_start" },
    { event: "0000-02-29T00:00:00+23:59", createdAt: takenIn, expected: "before_start" },
  ].map(({ event, createdAt, expected }) => ({
    name: `${event} taken in at ${createdAt}`,
    payload: payload({ event_time: `"${event}"` }),
    createdAt,
    expected: expected as DeliveryCase["expected"],
  })),

  // As doubles, 1793520862.0312345 × 1,000,000 is 1793520862031234.5.
  {
    name: "half a microsecond goes up",
    payload: payload(),
    createdAt: 1793520862.0312345,
    expected: { created_at: "2026-11-01T08:14:22.031235Z" },
  },

  ...fields({
    "no optional field": [
      payload({ terminal_id: undefined, customer_id: undefined, phone_number: undefined, channel: undefined }),
      { terminal_id: null, customer_id: null, phone_number: null, channel: null, extra: null },
    ],
    "optional fields null and empty": [
      payload({ terminal_id: "null", customer_id: "null", phone_number: '""', channel: '""' }),
      { terminal_id: null, customer_id: null, phone_number: "", channel: "" },
    ],
    "optional fields that are no strings": [
      payload({ terminal_id: "1177", customer_id: "true", phone_number: "2348000182034", channel: "false" }),
      { terminal_id: "1177", customer_id: "true", phone_number: "2348000182034", channel: "false", extra: null },
    ],
    "white space in an id": [
      payload({ transaction_id: '" "', merchant_id: '"M000417 "' }),
      { transaction_id: " ", merchant_id: "M000417 " },
    ],
    "escapes in an id": [
      payload({ transaction_id: '"T\\u1ecc\\"\\\\\\/\\ud83d\\ude00"' }),
      { transaction_id: 'TỌ"\\/😀' },
    ],
    "extra fields": [
      payload({ zeta: "null", "": "[1]", app: '{"amount_ngn":1e3,"b":[{"c":"}"}]}' }),
      { amount_ngn: "3891.25", extra: '{"app":{"b":[{"c":"}"}],"amount_ngn":1000},"":[1],"zeta":null}' },
    ],
    "extra fields named as columns": [
      payload({ id: "1", created_at: "2", extra: '"x"' }),
      { extra: '{"id":1,"created_at":2,"extra":"x"}' },
    ],
    "an extra string that looks like a record": [
      payload({ note: JSON.stringify('{"amount_ngn":1,"x":NaN,}') }),
      { amount_ngn: "3891.25", extra: JSON.stringify({ note: '{"amount_ngn":1,"x":NaN,}' }) },
    ],
    "a nested amount before the amount": [
      payload({ a: '{"amount_ngn":7.50}', amount_ngn: "2.50" }),
      { amount_ngn: "2.50", extra: '{"a":{"amount_ngn":7.5}}' },
    ],
    "an amount in a list before the amount": [payload({ a: '[{"amount_ngn":1e3},2]' }), { amount_ngn: "3891.25" }],
    "an escaped backslash before what is no escape": [payload({ x: '"\\\\ud83d"' }), { extra: '{"x":"\\\\ud83d"}' }],
    "the first of two amounts": [`{"amount_ngn":1,${payload().slice(1)}`, { amount_ngn: "1.00", extra: null }],
    "the first of two extras": [`{"x":1,${payload({ x: "2" }).slice(1)}`, { extra: '{"x":1}' }],
    "a name with an escape": [
      payload().replace("amount_ngn", "amount\\u005fngn"),
      { amount_ngn: "3891.25", extra: null },
    ],
    "white space": [` \r\n\t${payload().replaceAll('":', '" :\n')} \n`, { amount_ngn: "3891.25", extra: null }],
    "a thousand brackets": [payload({ x: "[".repeat(1000) + "]".repeat(1000) }), { amount_ngn: "3891.25" }],
  }),
];

function texts(reason: QuarantineReason, payloads: Readonly<Record<string, string>>): DeliveryCase[] {
  return Object.entries(payloads).map(([name, text]) => ({
    name: `${reason}: ${name}`,
    payload: text,
    createdAt: takenIn,
    expected: reason,
  }));
}

function each(reason: QuarantineReason, field: string, values: readonly string[]): DeliveryCase[] {
  return texts(reason, Object.fromEntries(values.map((value) => [value.slice(0, 50), payload({ [field]: value })])));
}

function amounts(expected: Readonly<Record<string, string>>): DeliveryCase[] {
  return fields(
    Object.fromEntries(
      Object.entries(expected).map(([text, amount_ngn]) => [
        `amount ${text}`,
        [payload({ amount_ngn: text }), { amount_ngn }],
      ]),
    ),
  );
}

function times(expected: Readonly<Record<string, string>>): DeliveryCase[] {
  return fields(
    Object.fromEntries(
      Object.entries(expected).map(([text, event_time]) => [
        `time ${text}`,
        [payload({ event_time: `"${text}"` }), { event_time }],
      ]),
    ),
  );
}

function fields(cases: Readonly<Record<string, readonly [string, Partial<RawRow>]>>): DeliveryCase[] {
  return Object.entries(cases).map(([name, [text, expected]]) => ({
    name,
    payload: text,
    createdAt: takenIn,
    expected,
  }));
}
