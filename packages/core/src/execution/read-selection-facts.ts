/** Reads from the instance what a selection asks beyond the definitions; nothing where it asks nothing. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { changesOf, statusesOf, type SelectionFacts } from "../graph/selection-facts.ts";
import { factsAskedBy, selectAssets, type SelectOptions } from "../graph/selection.ts";
import { parseSelection } from "../graph/selection-parser.ts";
import type { Queryable } from "../instance/database.ts";
import { registeredBefore } from "../instance/locations.ts";
import type { Moment } from "../partitions/moment.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { readState } from "./planning-state.ts";

/** @throws {IrokoError} SELECTION_SYNTAX; SELECTION_STATE where it asks for what is not registered */
export async function readSelectionFacts(
  db: Queryable,
  snapshot: Snapshot,
  text: string,
  now: Moment,
): Promise<SelectionFacts> {
  const asked = factsAskedBy(parseSelection(text));
  return {
    ...(asked.has("status") ? { statuses: await readStatuses(db, snapshot, now, asked.has("staleness")) } : {}),
    ...(asked.has("location") || asked.has("changed") ? await readRegistered(db, snapshot, text) : {}),
  };
}

/** As `selectAssets`, with the facts read. */
export async function selectFrom(
  db: Queryable,
  snapshot: Snapshot,
  text: string,
  now: Moment,
  options: Pick<SelectOptions, "allowEmpty"> = {},
): Promise<readonly string[]> {
  return selectAssets(assetGraph(snapshot), text, {
    ...options,
    facts: await readSelectionFacts(db, snapshot, text, now),
  });
}

async function readStatuses(
  db: Queryable,
  snapshot: Snapshot,
  now: Moment,
  withStaleness: boolean,
): Promise<NonNullable<SelectionFacts["statuses"]>> {
  const graph = assetGraph(snapshot);
  const state = await readState(db, snapshot, withStaleness ? [...graph.assets.keys()] : [], now);
  return withStoredMappings(db, now, (moment) => statusesOf(graph, state, moment));
}

async function readRegistered(
  db: Queryable,
  snapshot: Snapshot,
  text: string,
): Promise<Pick<SelectionFacts, "location" | "changes">> {
  const registered = await registeredBefore(db, snapshot.hash);
  if (registered !== undefined)
    return { location: registered.name, changes: changesOf(registered.before ?? undefined, snapshot) };
  throw new IrokoError("SELECTION_STATE", `The selection "${text}" asks about definitions that are not registered.`, {
    hint: "Register them first: iroko deploy.",
  });
}
