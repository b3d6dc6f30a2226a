import { pick } from "../random.ts";
import { fieldsOf, type Fields } from "../record.ts";
import { changed, type Changes, type DirtKind, type Scene } from "./kind.ts";

export const oddFields: readonly DirtKind[] = [
  odd("an extra string", () => ({ app_version: '"4.12.0"' })),
  odd("extras of every type", () => ({ a: "null", b: "true", c: "-12", d: "0.125", e: "[]", f: "{}", g: '""' })),
  odd("nested extras", () => ({ device: '{"gps":{"lat":6.5244,"lon":3.3792},"cells":[{"id":1},{"id":[2,null]}]}' })),
  odd("unicode in extras", () => ({ note: '"Ẹ ṣé púpọ̀ 🙏 \\u00e9\\ud83d\\ude00"', ọjà: '"ata"' })),
  odd("quotes and backslashes in extras", () => ({ note: '"she said \\"pay\\", C:\\\\pos\\\\1\\n\\u0022"' })),
  odd("an extra that looks like JSON", ({ tx }) => ({
    a: JSON.stringify(`{"amount_ngn":1,"transaction_id":"${tx.id}"}`),
  })),
  odd("an extra that looks like broken JSON", () => ({ note: '"NaN, Infinity, nothing,} and ,] nor //"' })),
  odd("nested fields of the record's names", () => ({
    about: '{"amount_ngn":1.5,"event_time":"1970-01-01T00:00:00Z","transaction_id":"T999-99999999"}',
    zone: '[{"amount_ngn":true}]',
  })),
  odd("extras named as our own columns", () => ({
    id: '"x"',
    created_at: "1",
    reason: '"y"',
    extra: "{}",
    payload: '"z"',
  })),
  odd("extras of strange names", () => ({ "": "1", "a b": "2", "a.b": "3", $: "4", Amount_NGN: "5", 'quo"te': "6" })),
  odd("a long extra", ({ random }) => ({ trace: `"${pick(random, ["ab", "xyz"]).repeat(2_000)}"` })),
  odd("no optional field", () => ({
    terminal_id: undefined,
    customer_id: undefined,
    phone_number: undefined,
    channel: undefined,
  })),
  odd("optional fields that are null", () => ({
    terminal_id: "null",
    customer_id: "null",
    phone_number: "null",
    channel: "null",
  })),
  odd("optional fields that are empty", () => ({
    terminal_id: '""',
    customer_id: '""',
    phone_number: '""',
    channel: '""',
  })),
  odd("optional fields that are no strings", () => ({
    terminal_id: "1177",
    customer_id: "false",
    phone_number: "2348000182034",
    channel: "-1",
  })),
  odd("a transaction_id that is a space", () => ({ transaction_id: '" "' })),
  odd("ids outside ASCII", ({ tx }) => ({ transaction_id: JSON.stringify(`${tx.id}-Ọ🛒'"`) })),
  rewritten(
    "spaces and line ends",
    (fields) => ` {\n  ${members(fields).join(" ,\t").replaceAll('":', '" : ')}\r\n}\n`,
  ),
  rewritten("in another order", (fields) => `{${members(fields).toReversed().join(",")}}`),
  rewritten("an amount given twice", (fields) => `{${[...members(fields), '"amount_ngn":7.77'].join(",")}}`),
  rewritten(
    "a name written with an escape",
    (fields) => `{${members(fields).join(",").replace("transaction_id", "transaction\\u005fid")}}`,
  ),
];

function odd(name: string, change: (scene: Scene) => Changes): DirtKind {
  return changed(`fields: ${name}`, "accepted", change);
}

function rewritten(name: string, rewrite: (fields: Fields) => string): DirtKind {
  return {
    name: `fields: ${name}`,
    outcome: "accepted",
    deliveries: ({ tx, createdAt }) => [{ payload: rewrite(fieldsOf(tx)), createdAt }],
  };
}

function members(fields: Fields): string[] {
  return Object.entries(fields).map(([name, value]) => `"${name}":${value}`);
}
