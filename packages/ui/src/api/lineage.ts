import { api } from "@iroko/core/client";
import type { Answer } from "../http/answer.ts";
import type { Instance } from "../model/instance.ts";
import { readLineage } from "../model/lineage-view.ts";

export function lineageApi(answer: Answer, { db, catalog, moment }: Instance): void {
  answer(api.lineage.get, async (input) => readLineage(db, await catalog(), input, await moment()));
}
