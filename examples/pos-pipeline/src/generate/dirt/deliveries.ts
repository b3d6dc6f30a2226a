import { payloadOf } from "../record.ts";
import { changed, type DirtKind } from "./kind.ts";

const unknownIds = ["M999001", "M999002", "m000001", "M000001 ", "MERCHANT", "M1", "ọjà"];

export const unknownMerchants: readonly DirtKind[] = unknownIds.map((id) =>
  changed(`merchant: ${id}`, "accepted", () => ({ merchant_id: JSON.stringify(id) })),
);

const undelivered = ["pending", "sending", "failed"] as const;

export const deliveryStates: readonly DirtKind[] = [
  ...undelivered.map((status): DirtKind => ({
    name: `delivery: ${status}`,
    outcome: "accepted",
    deliveries: ({ tx, createdAt }) => [{ payload: payloadOf(tx), createdAt, status }],
  })),
  {
    name: "delivery: pending, and cut short",
    outcome: "not_json",
    deliveries: ({ tx, createdAt }) => [{ payload: payloadOf(tx).slice(0, 40), createdAt, status: "pending" }],
  },
  {
    name: "delivery: a day and a half late",
    outcome: "accepted",
    deliveries: ({ tx, createdAt }) => [{ payload: payloadOf(tx), createdAt: createdAt + 129_600 }],
  },
];
