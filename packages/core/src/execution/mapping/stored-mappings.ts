/** What users' mapping functions have answered before, as far as it is needed. */
import type { SnapshotDependency } from "../../definitions/snapshot.ts";
import type { Queryable } from "../../instance/database.ts";
import {
  mappingAnswerIds,
  mappingAnswersAbout,
  mappingAnswersById,
  type StoredAnswer,
} from "../../instance/mappings.ts";
import { MappingQuestion, type MappingAnswers, type MappingRelation } from "../../partitions/mapping-relation.ts";
import type { Moment } from "../../partitions/moment.ts";
import { union } from "../../partitions/set-algebra.ts";

interface Dependent {
  readonly deps: readonly SnapshotDependency[];
}

/** The functions by which dependencies are mapped, by their hashes. */
export function mappingsOf(dependents: readonly Dependent[]): readonly string[] {
  return dependents.flatMap(({ deps }) =>
    deps.flatMap(({ mapping }) => (mapping.kind === "custom" ? [mapping.hash] : [])),
  );
}

// Rows never change, and a relation is indexed once: what was read for the last plan is there for the next one.
const mostRemembered = 100;
const remembered = new Map<string, { readonly ids: string; readonly relation: MappingRelation }>();
const rows = new WeakMap<MappingRelation, ReadonlyMap<string, StoredAnswer>>();

/** Everything that is stored of some mappings' answers. */
export async function storedMappings(db: Queryable, mappings: readonly string[]): Promise<MappingAnswers> {
  const answers = new Map<string, MappingRelation>();
  for (const mapping of new Set(mappings)) {
    const ids = await mappingAnswerIds(db, [mapping]);
    if (ids.length === 0) continue;
    const name = ids.join(" ");
    let known = remembered.get(mapping);
    if (known?.ids !== name) {
      const before = known ? rows.get(known.relation)! : new Map<string, StoredAnswer>();
      const fresh = await mappingAnswersById(
        db,
        ids.filter((id) => !before.has(id)),
      );
      const all = new Map(fresh.map((row) => [row.id, row]));
      for (const id of ids) if (before.has(id)) all.set(id, before.get(id)!);
      const relation = joinAll([...all.values()]);
      rows.set(relation, all);
      known = { ids: name, relation };
    }
    remembered.delete(mapping);
    remembered.set(mapping, known);
    answers.set(mapping, known.relation);
  }
  for (const mapping of [...remembered.keys()].slice(0, -mostRemembered)) remembered.delete(mapping);
  return answers;
}

/**
 * Calls a pure function, again once the stored answers that it turns out to miss are read into the moment: of a million
 * partitions a step needs one.
 *
 * @throws {MappingQuestion} when an answer is not stored: `askMappings`, outside any transaction, has it given
 */
export async function withStoredMappings<Result>(
  db: Queryable,
  given: Moment,
  decide: (moment: Moment) => Result,
): Promise<Result> {
  const moment = "now" in given ? given : { now: given, dynamicKeys: new Map<string, readonly string[]>() };
  const answers: MappingAnswers = moment.mappings ?? new Map<string, MappingRelation>();
  const read = new Set<string>();
  for (;;) {
    try {
      return decide(answers.size === 0 ? given : { ...moment, mappings: answers });
    } catch (question) {
      if (!(question instanceof MappingQuestion)) throw question;
      const { hash } = question.mapping;
      const fresh = (await mappingAnswersAbout(db, hash, question.set)).filter(({ id }) => !read.has(id));
      if (fresh.length === 0) throw question;
      for (const { id } of fresh) read.add(id);
      const known = answers.get(hash);
      answers.set(hash, joinAll(known ? [known, ...fresh] : fresh));
    }
  }
}

/** At once: joined one by one, a thousand rows would be copied a thousand times. */
function joinAll(relations: readonly MappingRelation[]): MappingRelation {
  const [first, ...others] = relations;
  const images = relations.flatMap((relation) => relation.images);
  return { asked: others.reduce((sum, { asked }) => union(sum, asked), first!.asked), images };
}
