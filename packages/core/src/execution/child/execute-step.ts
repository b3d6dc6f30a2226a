/**
 * Runs one step: the same in a worker's child process and in a user's test. It finds the step's definition, lends it
 * its resources and inputs, and tells what became of each partition as soon as that is known.
 */
import type { AssetCheckDefinition, Definitions, ExternalAssetDefinition } from "../../definitions/model.ts";
import type { StepScope, Relation } from "../../definitions/io-manager.ts";
import { toMetadata } from "../../definitions/metadata-values.ts";
import { IrokoError } from "../../errors.ts";
import type { StepMessage, StepSpec } from "../step-protocol.ts";
import { lendResources } from "./lent-resources.ts";
import { materializeStep } from "./materialize-step.ts";
import { blockingFailure, runCheck, type RanCheck } from "./output-checks.ts";
import { toPartition, toPartitionRecord } from "./partition-record.ts";
import { contextOf } from "./step-context.ts";
import { loadInputs } from "./step-inputs.ts";
import { openScope } from "./step-scope.ts";
import { fromUserCode, inUserCode } from "./user-code.ts";

/**
 * Resolves once everything is built, told and given back.
 *
 * @throws {IrokoError} what went wrong; CANCELED once `signal` has aborted, whatever was thrown then
 */
export async function executeStep(
  definitions: Definitions,
  spec: StepSpec,
  tell: (message: StepMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const scope = openScope(spec, tell, signal);
  const failures: unknown[] = [];
  try {
    signal.throwIfAborted();
    await dispatch(definitions, spec, tell, scope);
    signal.throwIfAborted();
  } catch (failure) {
    failures.push(failure);
  }
  await scope.close().catch((failure: unknown) => {
    // The step's own error says more; this one is written down beside it.
    if (failures.length > 0) scope.log.error(fromUserCode("Closing the step", failure).message);
    failures.push(failure);
  });
  if (failures.length === 0) return;
  if (signal.aborted)
    throw new IrokoError("CANCELED", `The step of ${spec.name} was canceled.`, { cause: failures[0] });
  throw fromUserCode(`The step of ${spec.name}`, failures[0]);
}

async function dispatch(
  definitions: Definitions,
  spec: StepSpec,
  tell: (message: StepMessage) => void,
  scope: StepScope,
): Promise<void> {
  switch (spec.kind) {
    case "materialize": {
      const compute = definitions.computes.find(({ name }) => name === spec.name);
      if (!compute) throw codeMoved(spec);
      return materializeStep(definitions, compute, spec, tell, scope);
    }
    case "check": {
      const check = definitions.checks.find(({ asset, name }) => `${asset}:${name}` === spec.name);
      if (!check) throw codeMoved(spec);
      return checkStep(definitions, check, spec, tell, scope);
    }
    case "observe": {
      const external = definitions.externals.find(({ key }) => key === spec.name);
      if (!external?.observe) throw codeMoved(spec);
      return observeStep(definitions, external, spec, tell, scope);
    }
  }
}

/** Every partition's outcome is told before a blocking one fails the step. */
async function checkStep(
  definitions: Definitions,
  check: AssetCheckDefinition,
  spec: StepSpec,
  tell: (message: StepMessage) => void,
  scope: StepScope,
): Promise<void> {
  const deps = Object.fromEntries(Object.entries(check.deps).map(([name, { asset }]) => [name, asset]));
  const inputs = await loadInputs(definitions, spec, { dependency: deps }, scope);
  const resources = await lendResources(check.resources, scope);
  const subject = `Check "${check.name}" of asset "${check.asset}"`;
  const lent = { spec, subject, inputs, resources, config: undefined, scope, selectedOutputs: new Set<string>() };
  const ran: RanCheck[] = [];
  for (const partition of spec.partitions.map(toPartition)) {
    scope.signal.throwIfAborted();
    const context = contextOf({ ...lent, partitions: [partition] });
    const outcome = await runCheck(check, check.asset, partition, () => check.run(context));
    scope.signal.throwIfAborted();
    tell({ type: "checked", check: outcome.record });
    ran.push(outcome);
  }
  const failure = blockingFailure(ran);
  if (failure) throw failure;
}

async function observeStep(
  definitions: Definitions,
  external: ExternalAssetDefinition,
  spec: StepSpec,
  tell: (message: StepMessage) => void,
  scope: StepScope,
): Promise<void> {
  const inputs = await loadInputs(definitions, spec, { compare: external.compares() }, scope);
  const resources = await lendResources(external.resources, scope);
  const results = await inUserCode(`Observing asset "${external.key}"`, () =>
    external.observe!({
      partitions: spec.partitions.map(toPartition),
      resources,
      current: (partition) => inputs.of("compare", partition) as Readonly<Record<string, Relation<never> | undefined>>,
      signal: scope.signal,
      log: scope.log,
      scope,
    }),
  );
  scope.signal.throwIfAborted();
  for (const { partition, dataVersion, metadata } of results) {
    tell({
      type: "observed",
      asset: external.key,
      partition: toPartitionRecord(partition),
      dataVersion,
      metadata: toMetadata(metadata ?? {}),
    });
  }
}

function codeMoved(spec: StepSpec): IrokoError {
  return new IrokoError("CODE_MOVED", `The definitions hold nothing to ${spec.kind} under the name "${spec.name}".`, {
    hint: "Deploy the code that the run was planned with, or cancel the run and plan it again.",
  });
}
