// Everything that goes wrong, or merely looks odd, between a terminal and the buffer. RULES.md says what becomes of each.
import { badAmounts, oddAmounts } from "./dirt/amounts.ts";
import { clocks } from "./dirt/clocks.ts";
import { deliveryStates, unknownMerchants } from "./dirt/deliveries.ts";
import { duplicates } from "./dirt/duplicates.ts";
import { oddFields } from "./dirt/fields.ts";
import type { DirtKind } from "./dirt/kind.ts";
import { missingFields } from "./dirt/missing.ts";
import { brokenPayloads, wrongChecksums } from "./dirt/payloads.ts";
import { badTimes, oddTimes } from "./dirt/times.ts";

export const dirtKinds: readonly DirtKind[] = [
  brokenPayloads,
  wrongChecksums,
  missingFields,
  badAmounts,
  badTimes,
  clocks,
  duplicates,
  oddAmounts,
  oddTimes,
  oddFields,
  unknownMerchants,
  deliveryStates,
].flat();
