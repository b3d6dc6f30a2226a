/** Answers what mapping functions are asked, where their code is: a worker for others, an embedded command for itself. */
import type { Database } from "../../instance/database.ts";
import {
  endMappingQuestion,
  forgetMappingAnswers,
  insertMappingAnswer,
  lockMapping,
  mappingAnswersAbout,
  openMappingQuestions,
} from "../../instance/mappings.ts";
import type { PartitionSet } from "../../partitions/partition-set.ts";
import { isEmptySet, subtract } from "../../partitions/set-algebra.ts";
import { ownErrorRecord } from "../own-error.ts";
import type { MappingEvaluator } from "./mapping-evaluator.ts";

/** A row holds up to a thousand partitions: five million are kept. */
const kept = { days: 30, rows: 5_000 };

/** Evaluates what is not stored yet of a set, and stores it. */
export async function answerMapping(
  db: Database,
  evaluator: MappingEvaluator,
  mapping: string,
  set: PartitionSet,
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockMapping(tx, mapping);
    const known = await mappingAnswersAbout(tx, mapping, set);
    const left = known.reduce((rest, { asked }) => subtract(rest, asked), set);
    if (isEmptySet(left)) return;
    const stored: Promise<void>[] = [];
    await evaluator.evaluate(mapping, left, (relation) => stored.push(insertMappingAnswer(tx, mapping, relation)));
    await Promise.all(stored);
    await forgetMappingAnswers(tx, kept);
  });
}

/** Answers what others have asked of a location's mappings; an error is an answer, too. */
export async function answerWaiting(
  db: Database,
  evaluator: MappingEvaluator,
  location: string,
  mappings: readonly string[],
): Promise<void> {
  if (mappings.length === 0) return;
  for (const { id, mapping, set } of await openMappingQuestions(db, location, mappings)) {
    try {
      await answerMapping(db, evaluator, mapping, set);
      await endMappingQuestion(db, id);
    } catch (error) {
      await endMappingQuestion(db, id, ownErrorRecord(error));
    }
  }
}
