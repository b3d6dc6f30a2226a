import { changed, type DirtKind } from "./kind.ts";

const required = ["transaction_id", "merchant_id", "amount_ngn", "event_time"];

export const missingFields: readonly DirtKind[] = [
  ...required.flatMap((field) => [
    changed(`missing_field: no ${field}`, "missing_field", () => ({ [field]: undefined })),
    changed(`missing_field: ${field} is null`, "missing_field", () => ({ [field]: "null" })),
    changed(`missing_field: ${field} is empty`, "missing_field", () => ({ [field]: '""' })),
  ]),
  ...["81234", "true", '["T000-00081234"]', "{}"].flatMap((value) => [
    changed(`missing_field: transaction_id is ${value}`, "missing_field", () => ({ transaction_id: value })),
    changed(`missing_field: merchant_id is ${value}`, "missing_field", () => ({ merchant_id: value })),
  ]),
  changed("missing_field: everything", "missing_field", (_, fields) =>
    Object.fromEntries(Object.keys(fields).map((name) => [name, undefined])),
  ),
  changed("missing_field: only in a nested object", "missing_field", ({ tx }) => ({
    transaction_id: undefined,
    nested: `{"transaction_id":"${tx.id}"}`,
  })),
];
