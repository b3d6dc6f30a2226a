import type { Check, CheckContext, CheckOutcome, PartitionHistory } from "../../definitions/check.ts";
import { toMetadata } from "../../definitions/metadata-values.ts";
import { IrokoError } from "../../errors.ts";
import type { Partition } from "../../partitions/partitions-definition.ts";
import type { CheckRecord } from "../step-protocol.ts";
import { toJson } from "./to-json.ts";
import { nameOf, toPartitionRecord } from "./partition-record.ts";
import { isIrokoError, titleOf } from "./user-code.ts";

/** A check's outcome with what it threw, if it did: that, too, is a failure of the check. */
export interface RanCheck {
  readonly record: CheckRecord;
  readonly thrown?: unknown;
}

interface Named {
  readonly name: string;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
}

/** All of them run, whatever the first ones find: one failed attempt then tells everything. */
export async function runOutputChecks(
  checks: readonly Check[],
  context: Omit<CheckContext, "history">,
  history: readonly PartitionHistory[],
): Promise<readonly RanCheck[]> {
  const ran: RanCheck[] = [];
  for (const check of checks) {
    context.scope.signal.throwIfAborted();
    const wanted = check.history > 0 ? history.slice(-check.history) : [];
    ran.push(await runCheck(check, context.asset, context.partition, () => check.run({ ...context, history: wanted })));
  }
  return ran;
}

export async function runCheck(
  check: Named,
  asset: string,
  partition: Partition,
  run: () => CheckOutcome | Promise<CheckOutcome>,
): Promise<RanCheck> {
  const { name, severity, blocking } = check;
  const of = { asset, name, partition: toPartitionRecord(partition), severity, blocking };
  try {
    const { passed, message, violations, sample, metadata } = await run();
    return {
      record: {
        ...of,
        passed,
        ...(message === undefined ? {} : { message }),
        ...(violations === undefined ? {} : { violations }),
        ...(sample === undefined ? {} : { sample: toJson(sample) as NonNullable<CheckOutcome["sample"]> }),
        ...(metadata === undefined ? {} : { metadata: toMetadata(metadata) }),
      },
    };
  } catch (thrown) {
    const message = isIrokoError(thrown) ? `${thrown.code}: ${thrown.message}` : titleOf(thrown);
    return { record: { ...of, passed: false, message: `The check threw ${message}` }, thrown };
  }
}

/** The error that keeps a partition from being committed; undefined where no blocking check failed. */
export function blockingFailure(ran: readonly RanCheck[]): IrokoError | undefined {
  const failed = ran.filter(({ record }) => !record.passed && record.blocking && record.severity === "error");
  const [first] = failed;
  if (!first) return undefined;
  const { name, asset, partition, message, violations, sample } = first.record;
  const where = nameOf(asset, partition);
  const others =
    failed.length > 1
      ? ` ${failed.length - 1} more failed: ${failed
          .slice(1)
          .map(({ record }) => record.name)
          .join(", ")}.`
      : "";
  const details = {
    asset,
    check: name,
    partition: partition.key,
    ...(violations === undefined ? {} : { violations }),
    ...(sample === undefined ? {} : { sample }),
  };
  const place = { subject: `asset "${asset}", check "${name}"` };
  if ("thrown" in first) {
    return new IrokoError("CHECK_THREW", `Check "${name}" of ${where}: ${message}.${others}`, {
      details,
      place,
      cause: first.thrown,
    });
  }
  const found =
    message ??
    (violations === undefined
      ? "it did not pass"
      : `${violations} ${violations === 1 ? "row breaks" : "rows break"} it`);
  return new IrokoError("CHECK_FAILED", `Check "${name}" of ${where} failed: ${found.replace(/\.$/, "")}.${others}`, {
    hint: 'Mend the data or the check, then retry the run; severity "warn" or blocking: false lets such a partition pass.',
    details,
    place,
  });
}
