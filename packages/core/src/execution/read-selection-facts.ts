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
import { readState } from "./planning-state.ts";
import { openStandings, type Standings } from "./standings.ts";

/** @throws {IrokoError} SELECTION_SYNTAX; SELECTION_STATE where it asks for what is not registered */
export async function readSelectionFacts(
  db: Queryable,
  snapshot: Snapshot,
  text: string,
  now: Moment,
  standings?: Standings,
): Promise<SelectionFacts> {
  const asked = factsAskedBy(parseSelection(text));
  return {
    ...(asked.has("status")
      ? { statuses: await readStatuses(db, snapshot, now, asked.has("staleness"), standings) }
      : {}),
    ...(asked.has("location") || asked.has("changed") ? await readRegistered(db, snapshot, text) : {}),
  };
}

/** As `selectAssets`, with the facts read. */
export async function selectFrom(
  db: Queryable,
  snapshot: Snapshot,
  text: string,
  now: Moment,
  { allowEmpty, standings }: Pick<SelectOptions, "allowEmpty"> & { readonly standings?: Standings | undefined } = {},
): Promise<readonly string[]> {
  return selectAssets(assetGraph(snapshot), text, {
    allowEmpty,
    facts: await readSelectionFacts(db, snapshot, text, now, standings),
  });
}

async function readStatuses(
  db: Queryable,
  snapshot: Snapshot,
  now: Moment,
  withStaleness: boolean,
  { statuses, staleness }: Standings = openStandings(db),
): Promise<NonNullable<SelectionFacts["statuses"]>> {
  const graph = assetGraph(snapshot);
  const stale = withStaleness ? await staleness(snapshot, graph.assets.keys(), now) : undefined;
  return statusesOf(graph, await readState(db, snapshot, [], now, { statuses }), now, stale);
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
