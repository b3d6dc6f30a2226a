import { fieldsOf, payloadOf, writePayload, type Transaction } from "../record.ts";
import type { DirtKind } from "./kind.ts";

export const duplicates: readonly DirtKind[] = [
  again("sent again after a second", ({ tx, createdAt }) => [
    { payload: payloadOf(tx), createdAt },
    { payload: payloadOf(tx), createdAt: createdAt + 1 },
  ]),
  again("four times", ({ tx, createdAt }) =>
    [0, 1, 2, 4].map((wait) => ({ payload: payloadOf(tx), createdAt: createdAt + wait })),
  ),
  again("the next day", ({ tx, createdAt }) => [
    { payload: payloadOf(tx), createdAt },
    { payload: payloadOf(tx), createdAt: createdAt + 86_400 },
  ]),
  again("with another amount", ({ tx, createdAt }) => [
    { payload: payloadOf(tx), createdAt },
    { payload: payloadOf(dearer(tx)), createdAt: createdAt + 2 },
  ]),
  again("with two other amounts", ({ tx, createdAt }) => [
    { payload: payloadOf(tx), createdAt },
    { payload: payloadOf(dearer(tx)), createdAt: createdAt + 2 },
    { payload: payloadOf(dearer(dearer(tx))), createdAt: createdAt + 3 },
    { payload: payloadOf(tx), createdAt: createdAt + 4 },
  ]),
  again("with the same amount, written otherwise", ({ tx, createdAt }) => [
    { payload: writePayload({ ...fieldsOf(tx), amount_ngn: "1500" }), createdAt },
    { payload: writePayload({ ...fieldsOf(tx), amount_ngn: "1500.00" }), createdAt: createdAt + 1 },
  ]),
  again("written first, taken in last", ({ tx, createdAt }) => [
    { payload: payloadOf(dearer(tx)), createdAt: createdAt + 5 },
    { payload: payloadOf(tx), createdAt },
  ]),
  again("at the same instant, the lower id written last", ({ tx, createdAt }) => [
    { payload: payloadOf(dearer(tx)), createdAt },
    { payload: payloadOf(tx), createdAt, sortsBeforePrevious: true },
  ]),
  again("at the same instant, the lower id written first", ({ tx, createdAt }) => [
    { payload: payloadOf(tx), createdAt },
    { payload: payloadOf(dearer(tx)), createdAt },
  ]),
  again("of an amount that is rejected", ({ tx, createdAt }) => [
    { payload: payloadOf({ ...tx, kobo: 0 }), createdAt },
    { payload: payloadOf(tx), createdAt: createdAt + 1 },
  ]),
  again("whose second amount would be rejected", ({ tx, createdAt }) => [
    { payload: payloadOf(tx), createdAt },
    { payload: payloadOf({ ...tx, kobo: -tx.kobo }), createdAt: createdAt + 1 },
  ]),
  again("not delivered yet", ({ tx, createdAt }) => [
    { payload: payloadOf(dearer(tx)), createdAt, status: "pending" },
    { payload: payloadOf(tx), createdAt: createdAt + 1 },
  ]),
  again("from another merchant", ({ tx, createdAt }) => [
    { payload: payloadOf(tx), createdAt },
    { payload: payloadOf({ ...tx, merchantId: "M000001" }), createdAt: createdAt + 1 },
  ]),
  repeated(1),
  repeated(2),
  repeated(3),
  repeated(4), // one too many to be counted
  again("of the day before, twice", ({ tx, createdAt, earlier }) => {
    const id = earlier(1)?.id ?? tx.id;
    return [0, 1].map((wait) => ({ payload: payloadOf({ ...tx, id }), createdAt: createdAt + wait }));
  }),
];

function again(name: string, deliveries: DirtKind["deliveries"]): DirtKind {
  return { name: `duplicate: ${name}`, outcome: "accepted", deliveries };
}

/** Another transaction under an id that was used so many days before. */
function repeated(daysBefore: number): DirtKind {
  return again(`of ${daysBefore} days before`, ({ tx, createdAt, earlier }) => {
    const id = earlier(daysBefore)?.id ?? tx.id;
    return [{ payload: payloadOf({ ...tx, id }), createdAt }];
  });
}

function dearer(tx: Transaction): Transaction {
  return { ...tx, kobo: tx.kobo + 100_00 };
}
