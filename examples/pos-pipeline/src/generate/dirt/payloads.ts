import { integer } from "../random.ts";
import { payloadOf } from "../record.ts";
import type { DirtKind, Scene } from "./kind.ts";

export const brokenPayloads: readonly DirtKind[] = [
  broken("cut short", (payload, { random }) => payload.slice(0, 1 + integer(random, payload.length - 1))),
  broken("cut before its last brace", (payload) => payload.slice(0, -1)),
  broken("empty", () => ""),
  broken("an array", (payload) => `[${payload}]`),
  broken("a string", (payload) => JSON.stringify(payload)),
  broken("null", () => "null"),
  broken("a number", () => "3891.25"),
  broken("two records", (payload) => payload + payload),
  broken("a trailing comma", (payload) => `${payload.slice(0, -1)},}`),
  broken("NaN", (payload) => payload.replace(/"amount_ngn":[^,]+/, `"amount_ngn":NaN`)),
  broken("an infinite extra", (payload) => `${payload.slice(0, -1)},"x":-Infinity}`),
  broken("a number with a leading plus", (payload) => payload.replace(`"amount_ngn":`, `"amount_ngn":+`)),
  broken("a number with a leading zero", (payload) => payload.replace(`"amount_ngn":`, `"amount_ngn":0`)),
  broken("single quotes", (payload) => payload.replaceAll('"', "'")),
  broken("a raw tab in a string", (payload) => payload.replace(`"channel":"`, `"channel":"\t`)),
  broken("a byte order mark", (payload) => `\ufeff${payload}`),
  broken("a comment", (payload) => `${payload}/* sent twice */`),
  broken("half a surrogate pair", (payload) => `${payload.slice(0, -1)},"x":"\\ud83d"}`),
];

export const wrongChecksums: readonly DirtKind[] = [
  {
    name: "checksum_mismatch: another payload's checksum",
    outcome: "checksum_mismatch",
    deliveries: ({ tx, createdAt }) => [{ payload: payloadOf(tx), createdAt, checksum: "0123456789abcdef" }],
  },
  {
    name: "checksum_mismatch: no checksum",
    outcome: "checksum_mismatch",
    deliveries: ({ tx, createdAt }) => [{ payload: payloadOf(tx), createdAt, checksum: "" }],
  },
  {
    name: "checksum_mismatch: and a missing field",
    outcome: "checksum_mismatch",
    deliveries: ({ tx, createdAt }) => [
      { payload: `{"transaction_id":"${tx.id}"}`, createdAt, checksum: "ffffffffffffffff" },
    ],
  },
];

function broken(name: string, breakIt: (payload: string, scene: Scene) => string): DirtKind {
  return {
    name: `not_json: ${name}`,
    outcome: "not_json",
    deliveries: (scene) => [{ payload: breakIt(payloadOf(scene.tx), scene), createdAt: scene.createdAt }],
  };
}
