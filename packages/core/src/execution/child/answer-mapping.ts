/** A mapping function at work in a child: found by its hash among the loaded definitions, asked in bulk. */
import type { Definitions } from "../../definitions/model.ts";
import { IrokoError } from "../../errors.ts";
import { evaluateInBatches, type EvaluatedSides } from "../../partitions/evaluate-mapping.ts";
import type { CustomMapping } from "../../partitions/mapping.ts";
import type { PartitionSetJson } from "../../partitions/partition-set.ts";
import { setFromJson, setToJson } from "../../partitions/set-codec.ts";
import type { FromChild } from "../step-protocol.ts";
import { toErrorRecord } from "./user-code.ts";

const partitionsInBatch = 1_000;

export function answerMapping(
  definitions: Definitions,
  hash: string,
  set: PartitionSetJson,
  send: (message: FromChild) => void,
): void {
  try {
    const { mapping, ...sides } = mappingOf(definitions, hash);
    for (const { asked, images } of evaluateInBatches(
      mapping,
      { ...sides, set: setFromJson(set) },
      partitionsInBatch,
    )) {
      send({ type: "mapped", asked: setToJson(asked), images });
    }
    send({ type: "mappingEnded" });
  } catch (thrown) {
    send({ type: "mappingEnded", error: toErrorRecord(thrown, "A mapping function") });
  }
}

function mappingOf(
  { computes, externals, checks }: Definitions,
  hash: string,
): Omit<EvaluatedSides, "set"> & { readonly mapping: CustomMapping } {
  for (const { deps, partitions: downstream } of [...computes, ...checks]) {
    for (const { asset, mapping } of Object.values(deps)) {
      if (mapping?.kind !== "custom" || mapping.hash !== hash) continue;
      const maker = computes.find(({ outputs }) => Object.values(outputs).some(({ key }) => key === asset));
      const upstream = maker ?? externals.find(({ key }) => key === asset);
      if (upstream) return { mapping, upstream: upstream.partitions, downstream };
    }
  }
  throw new IrokoError("CODE_MOVED", "The mapping function is not in the code that is loaded here.", {
    hint: "Start the worker from the code that is deployed, or deploy this one.",
  });
}
