/**
 * What of a run a retry repeats: what did not succeed, or all of it; of that what is asked for, by a selection among the
 * assets of now and by partitions as of the run's own clock.
 */
import type { Snapshot } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { noSet, setColumns, type SetColumns } from "../instance/columns.ts";
import type { Tx } from "../instance/database.ts";
import { poolsOfRun } from "../instance/pools.ts";
import type { RunRecord } from "../instance/runs.ts";
import { boxedSteps, namesOfSteps, type NamedSteps, type Repetition } from "../instance/repeated-steps.ts";
import type { StepKind } from "../instance/steps.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import { intersect, isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import { setFromJson } from "../partitions/set-codec.ts";
import { partitionIfAny } from "../partitions/table-name.ts";
import { checksOf } from "../planning/cut-steps.ts";
import { requestedPartitions } from "../planning/requested-partitions.ts";
import { shellQuote } from "../shell-quote.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { momentOfRun, readMoment } from "./read-moment.ts";
import { selectFrom } from "./read-selection-facts.ts";
import { stepDefinition, stepHashes } from "./step-definition.ts";

export interface RetryOptions {
  /** Also what has succeeded; else what did not. */
  readonly fromStart?: boolean | undefined;
  /** Only of these assets, in the selection grammar. */
  readonly select?: string | undefined;
  /** Only of these partitions, in the text form; `last:3` is as of the run's clock. */
  readonly partitions?: string | undefined;
  /** Only these, or these besides: each a selection with partitions of its own, or with all that the run has of it. */
  readonly only?: readonly RetryPart[] | undefined;
}

export interface RetryPart {
  readonly select: string;
  readonly partitions?: string | undefined;
}

/** What is asked for of a run, part by part; none: all of it. */
export function partsOf({ select, partitions, only = [] }: RetryOptions): readonly RetryPart[] {
  const isNamed = (select !== undefined && select !== "*") || partitions !== undefined;
  return [...(isNamed ? [{ select: select ?? "*", partitions }] : []), ...only];
}

/** What is asked for of a run. */
interface Asked {
  readonly assets: readonly string[];
  /** By asset and by check; whatever the run has of others. */
  readonly partitions: ReadonlyMap<string, PartitionSet>;
}

/**
 * @param again the run that repeats it
 * @throws {IrokoError} of the selection and the partitions, as planning; RETRY_SELECTION where the run has none of it
 */
export async function repetitionOf(
  tx: Tx,
  run: RunRecord,
  again: string,
  snapshot: Snapshot,
  options: RetryOptions,
): Promise<Repetition> {
  const { fromStart = false } = options;
  const steps = await namesOfSteps(tx, run.id);
  const asked = await askedOf(tx, run, snapshot, steps, options);
  const only = partitionsByName(steps, asked);
  return {
    of: stepHashes(snapshot).map((code) => {
      const { windows, keys } = columnsOf(only.get(nameOf(code)));
      return { ...code, windows, keys };
    }),
    assets: asked?.assets ?? null,
    boxes: await boxesOf(tx, run.id, snapshot, only, fromStart),
    fromStart,
    pools: poolsOfRun({ id: again, maxConcurrency: run.maxConcurrency }),
  };
}

/** undefined: everything is asked for. */
async function askedOf(
  tx: Tx,
  run: RunRecord,
  snapshot: Snapshot,
  steps: readonly NamedSteps[],
  options: RetryOptions,
): Promise<Asked | undefined> {
  const parts = partsOf(options);
  if (parts.length === 0) return undefined;
  const now = await readMoment(tx, snapshot, Temporal.Now.instant());
  const assets = new Set<string>();
  const whole = new Set<string>();
  const sets = new Map<string, PartitionSet>();
  for (const { select, partitions } of parts) {
    const selected = await selectFrom(tx, snapshot, select, now);
    const among = selected.filter((key) => steps.some((step) => step.assets.includes(key)));
    if (among.length === 0) throw nothingOf(run, select, steps);
    for (const key of among) assets.add(key);
    if (partitions === undefined) for (const key of among) whole.add(key);
    else
      for (const [subject, set] of await partitionsOf(tx, run, snapshot, among, partitions)) {
        const known = sets.get(subject);
        sets.set(subject, known === undefined ? set : union(known, set));
      }
  }
  for (const key of whole) sets.delete(key);
  return { assets: [...assets], partitions: sets };
}

const nameOf = ({ kind, name }: { readonly kind: StepKind; readonly name: string }): string => `${kind} ${name}`;
const columnsOf = (set: PartitionSet | undefined): SetColumns => (set === undefined ? noSet : setColumns(set));

/** By what a step runs; nothing where the run's own partitions are meant. */
function partitionsByName(steps: readonly NamedSteps[], asked: Asked | undefined): ReadonlyMap<string, PartitionSet> {
  const sets = new Map<string, PartitionSet>();
  for (const step of steps) {
    for (const subject of step.kind === "check" ? [step.name] : step.assets) {
      const set = asked?.partitions.get(subject);
      const known = sets.get(nameOf(step));
      if (set) sets.set(nameOf(step), known ? union(known, set) : set);
    }
  }
  return sets;
}

/** Of assets, and of their checks, which may have partitions of their own. */
async function partitionsOf(
  tx: Tx,
  run: RunRecord,
  snapshot: Snapshot,
  assets: readonly string[],
  text: string,
): Promise<ReadonlyMap<string, PartitionSet>> {
  const graph = assetGraph(snapshot);
  return withStoredMappings(tx, await momentOfRun(tx, snapshot, run), (moment) => {
    const sets = requestedPartitions(graph, assets, { kind: "text", text }, moment);
    const checked = new Map(Array.from(sets, ([key, set]) => [key, { set }]));
    const checks = checksOf(graph, checked, moment);
    return new Map([...sets, ...checks.map(({ name, partitions }) => [name, partitions] as const)]);
  });
}

/** A step over several dimensions keeps what is asked for of it and it has not made; of one dimension the copying sees to it. */
async function boxesOf(
  tx: Tx,
  run: string,
  snapshot: Snapshot,
  only: ReadonlyMap<string, PartitionSet>,
  fromStart: boolean,
): Promise<Repetition["boxes"]> {
  return (await boxedSteps(tx, run)).flatMap((step) => {
    const definition = stepDefinition(snapshot, step.kind, step.name)?.partitions;
    const asked = only.get(nameOf(step));
    const made = fromStart ? [] : step.made;
    if (definition === undefined || (asked === undefined && made.length === 0)) return [];
    const all = setFromJson({ boxes: step.boxes });
    const whole = asked === undefined ? all : intersect(all, asked);
    const done = made.flatMap((id) => partitionIfAny(definition, id) ?? []);
    const rest = subtract(whole, setOfPartitions(definition, done));
    return [{ n: step.n, boxes: setColumns(isEmptySet(rest) ? whole : rest).boxes ?? [] }];
  });
}

function nothingOf({ id }: RunRecord, select: string, steps: readonly NamedSteps[]): IrokoError {
  const assets = [...new Set(steps.flatMap((step) => step.assets))];
  const shown = `${assets.slice(0, 8).join(", ")}${assets.length > 8 ? " …" : ""}`;
  return new IrokoError("RETRY_SELECTION", `Run ${id} has nothing of the selection "${select}".`, {
    hint: `It is about ${shown}. To make something else: iroko materialize --select ${shellQuote(select)}`,
  });
}
