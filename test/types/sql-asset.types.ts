/** `sqlAsset` and the checks of @iroko/assets keep what `asset` promises. */
import { dep, type Asset, type DayKey, type TimePartitions } from "@iroko/core";
import { notNull, range, sqlAsset, unique } from "@iroko/assets";
import { z } from "zod";
import { expectType } from "./expect-type.ts";
import { byDay, byHour, byState, days, Transaction, whole } from "./fixtures.ts";

export const cleaned = sqlAsset({
  key: "cleaned",
  partitions: days,
  schema: Transaction,
  deps: { raw: byDay, byHour, whole, states: dep(byState, { map: { kind: "all" } }) },
  sql: "select * from raw",
  checks: [unique("id", { severity: "warn" }), unique("at", "channel"), notNull("amount"), range("amount", { gt: 0 })],
});
expectType<Asset<"cleaned", Transaction, TimePartitions<"day", DayKey>, "relation">>()(cleaned);

export const revenue = sqlAsset({
  key: "revenue",
  partitions: days,
  schema: z.object({ n: z.bigint() }),
  deps: {
    cleaned,
    // @ts-expect-error states and days have nothing in common
    byState,
  },
  sql: "select count(*) as n from cleaned",
});
export const checked = sqlAsset({
  key: "checked",
  schema: z.object({ n: z.bigint() }),
  sql: "select 1 as n",
  // @ts-expect-error there is no such column
  checks: [unique("n"), unique("m")],
});
export const stored = sqlAsset({
  key: "stored",
  // @ts-expect-error an SQL asset has a schema
  schema: undefined,
  sql: "select 1 as n",
});
