import { api } from "@iroko/core/client";
import type { Answer } from "../http/answer.ts";
import type { Instance } from "../model/instance.ts";
import { readLineage } from "../model/lineage-view.ts";

export function lineageApi(answer: Answer, instance: Instance): void {
  answer(api.lineage.get, (input) => readLineage(instance, input));
}
