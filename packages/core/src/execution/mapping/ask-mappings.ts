/**
 * Has users' mapping functions answered for whatever is decided outside their code: by a worker of the location, or here
 * where the definitions are at hand. What they answer is stored, and the decision is made again.
 */
import { setTimeout as wait } from "node:timers/promises";
import { canonicalJson, shortHash } from "../../definitions/hash.ts";
import { IrokoError } from "../../errors.ts";
import type { Database } from "../../instance/database.ts";
import { askMapping, mappingQuestion } from "../../instance/mappings.ts";
import { listWorkers } from "../../instance/workers.ts";
import { existing } from "../../partitions/existing.ts";
import { MappingQuestion } from "../../partitions/mapping-relation.ts";
import { union } from "../../partitions/set-algebra.ts";
import { setToJson } from "../../partitions/set-codec.ts";
import { errorOf } from "../child/child.ts";
import { answerMapping } from "./answer-mapping.ts";
import type { MappingEvaluator } from "./mapping-evaluator.ts";

export interface MappingSource {
  readonly db: Database;
  readonly location: string;
  /** Where the location's code is at hand: nobody else is asked. */
  readonly evaluator?: MappingEvaluator | undefined;
  /** How long to wait for a worker; 10 s. */
  readonly waitSeconds?: number;
}

const lookEveryMs = 100;
const mostRounds = 100;

/**
 * Does work that reads stored answers (`withStoredMappings`), again after each question that it ends with.
 *
 * @throws {IrokoError} MAPPING_FAILED as the function's mistake; MAPPING_UNANSWERED when nobody answers
 */
export async function askMappings<Result>(source: MappingSource, work: () => Promise<Result>): Promise<Result> {
  const asked = new Set<string>();
  for (let round = 0; ; round += 1) {
    try {
      return await work();
    } catch (question) {
      if (!(question instanceof MappingQuestion) || round === mostRounds) throw question;
      const { mapping, downstream, now } = question;
      // Asked a second time, it will be asked about one partition after another: all that there are, then.
      const isAgain = asked.has(mapping.hash);
      asked.add(mapping.hash);
      const set = isAgain ? union(question.set, existing(downstream, now)) : question.set;
      if (source.evaluator) await answerMapping(source.db, source.evaluator, mapping.hash, set);
      else await askWorkers(source, question, set);
    }
  }
}

async function askWorkers(
  { db, location, waitSeconds = 10 }: MappingSource,
  { mapping }: MappingQuestion,
  set: MappingQuestion["set"],
): Promise<void> {
  const id = await askMapping(db, location, mapping.hash, set, shortHash(canonicalJson(setToJson(set))));
  const until = performance.now() + waitSeconds * 1000;
  for (;;) {
    const open = await mappingQuestion(db, id);
    if (open === undefined) return;
    if (open.error) throw errorOf(open.error);
    const isLate = performance.now() >= until;
    const workers = await listWorkers(db);
    const isLive = workers.some((worker) => worker.location === location && !worker.draining && !worker.lockGone);
    if (isLate || !isLive) throw unanswered(location, mapping.subject, isLive ? waitSeconds : undefined);
    await wait(lookEveryMs);
  }
}

function unanswered(location: string, subject: string, seconds: number | undefined): IrokoError {
  const why =
    seconds === undefined
      ? `no live worker of the location "${location}" is there to ask it`
      : `no worker of the location "${location}" has answered within ${seconds} s`;
  return new IrokoError("MAPPING_UNANSWERED", `${subject} is mapped by a function of the code, and ${why}.`, {
    hint: `Start one from the code that is deployed, iroko worker --location ${location}, and ask again.`,
    details: { location, subject },
  });
}
