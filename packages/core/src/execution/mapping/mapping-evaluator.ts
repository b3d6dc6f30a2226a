/** Evaluates users' mapping functions in a child process of its own, which starts with the first question and stays warm. */
import { IrokoError } from "../../errors.ts";
import type { MappingRelation } from "../../partitions/mapping-relation.ts";
import type { PartitionSet } from "../../partitions/partition-set.ts";
import { setFromJson, setToJson } from "../../partitions/set-codec.ts";
import { Child, errorOf, type ChildOptions } from "../child/child.ts";

export interface MappingEvaluator {
  /**
   * Tells the answers in batches; one mapping at a time.
   *
   * @throws {IrokoError} MAPPING_FAILED when the function throws, answers with no partition, or is too slow
   */
  evaluate(mapping: string, set: PartitionSet, onBatch: (relation: MappingRelation) => void): Promise<void>;
  close(): Promise<void>;
}

export interface MappingEvaluatorOptions extends ChildOptions {
  /** How long a batch of a thousand partitions may take; 30 s. */
  readonly batchSeconds?: number;
}

export function mappingEvaluator({ batchSeconds = 30, ...options }: MappingEvaluatorOptions): MappingEvaluator {
  let child: Child | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function evaluate(
    mapping: string,
    set: PartitionSet,
    onBatch: (relation: MappingRelation) => void,
  ): Promise<void> {
    if (!child?.isAlive) child = new Child(options);
    const asked = child;
    await asked.ready;
    let isLate = false;
    const late = (): void => {
      isLate = true;
      asked.kill();
    };
    let timer = setTimeout(late, batchSeconds * 1000);
    try {
      const ended = await asked.map(mapping, setToJson(set), ({ asked: batch, images }) => {
        clearTimeout(timer);
        timer = setTimeout(late, batchSeconds * 1000);
        onBatch({ asked: setFromJson(batch), images });
      });
      if (ended.kind === "done") return;
      if (ended.kind === "failed") throw errorOf(ended.error);
      throw new IrokoError(
        "MAPPING_FAILED",
        isLate
          ? `A mapping function took more than ${batchSeconds} s for a thousand partitions.`
          : "The process that ran a mapping function ended under it.",
        { hint: "It is a pure function of one partition: no waiting, no network, no files." },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    evaluate(mapping, set, onBatch) {
      const answered = last.then(() => evaluate(mapping, set, onBatch));
      last = answered.catch(() => {});
      return answered;
    },
    async close() {
      child?.kill();
      await child?.exited;
    },
  };
}
