/// <reference lib="esnext.temporal" preserve="true" />
/** The public API of @iroko/core, name by name. */
// oxlint-disable-next-line import/no-unassigned-import -- it provides a global
import "./temporal.ts";

export { errorCatalogue, IrokoError, lastingErrors } from "./errors.ts";
export type { ErrorCode, ErrorPlace, ErrorRecord, IrokoErrorOptions } from "./errors.ts";

// Partitions
export { checkMapping, inferMapping } from "./partitions/check-mapping.ts";
export { cronOf, type CronOverrides } from "./partitions/cron-of.ts";
export { cronPartitions, type CronPartitionsOptions } from "./partitions/cron-partitions.ts";
export { cronIsSatisfiable, parseCron, validateCron, type Cron } from "./partitions/cron.ts";
export { daily, type DailyKey, type DailyOptions } from "./partitions/daily.ts";
export type { HourOffset, MinuteOffset, TimePartitionsOptions } from "./partitions/define-time-partitions.ts";
export { dynamic } from "./partitions/dynamic.ts";
export { encodePartitionKey } from "./partitions/encode-partition-key.ts";
export { existing, windowsBetween } from "./partitions/existing.ts";
export { fixed } from "./partitions/fixed.ts";
export { formatPartitions } from "./partitions/format-partitions.ts";
export { quoteKey } from "./partitions/quoted-text.ts";
export { hourly, type HourlyKey, type HourlyOptions } from "./partitions/hourly.ts";
export { downstreamOf, upstreamOf, type MappedSides, type UpstreamPartitions } from "./partitions/map-partitions.ts";
export {
  allPartitions,
  identityMapping,
  lastPartition,
  multiMapping,
  multiToSingle,
  specific,
  staticMapping,
  timeWindow,
  type CustomMapping,
  type CustomMappingCode,
  type DimensionMapping,
  type PartitionMapping,
  type TimeWindowOptions,
} from "./partitions/mapping.ts";
export {
  MappingQuestion,
  type CompactSet,
  type MappingAnswers,
  type MappingImage,
  type MappingRelation,
} from "./partitions/mapping-relation.ts";
export type { DynamicKeys, Moment, MomentWithKeys } from "./partitions/moment.ts";
export { multi } from "./partitions/multi.ts";
export { partitionPath, readMultiId } from "./partitions/multi-partition.ts";
export { multiSet, projection } from "./partitions/multi-set.ts";
export { monthly, type MonthlyOptions } from "./partitions/monthly.ts";
export {
  parsePartitions,
  setWordsIn,
  type ParsePartitionsOptions,
  type SetWord,
} from "./partitions/parse-partitions.ts";
export type {
  Box,
  DimensionSet,
  DimensionSetJson,
  KeySet,
  MultiSet,
  PartitionSet,
  PartitionSetJson,
  TimeSet,
} from "./partitions/partition-set.ts";
export {
  unpartitioned,
  type Cadence,
  type DayKey,
  type DimensionPartitions,
  type DynamicPartitions,
  type FixedPartitions,
  type HourKey,
  type KeyOf,
  type MultiPartitions,
  type Partition,
  type PartitionId,
  type PartitionsDefinition,
  type TimePartitions,
  type TimeWindow,
  type Unpartitioned,
} from "./partitions/partitions-definition.ts";
export {
  countIn,
  partitionIdOf,
  partitionOf,
  partitionsIn,
  setOfPartitions,
  type PartitionName,
} from "./partitions/partitions-in.ts";
export {
  containsPartition,
  emptySetOf,
  equalSets,
  intersect,
  isEmptySet,
  subtract,
  union,
} from "./partitions/set-algebra.ts";
export { fromMultirange, setFromJson, setToJson, toMultirange } from "./partitions/set-codec.ts";
export { nextTick, previousTick, ticks } from "./partitions/ticks.ts";
export {
  firstWindow,
  keyOfWindow,
  lastWindow,
  nextWindow,
  parseKey,
  previousWindow,
  windowAt,
  windowOf,
} from "./partitions/time-windows.ts";
export { weekly, type WeeklyOptions } from "./partitions/weekly.ts";
export { retryDelaySeconds, type Retry } from "./planning/retry.ts";

// Definitions
export { asset, untypedAsset, type AssetOptions, type UntypedAssetOptions } from "./definitions/asset.ts";
export { assetCheck, type AssetCheck, type AssetCheckOptions } from "./definitions/asset-check.ts";
export {
  isAsset,
  type AnyAsset,
  type Asset,
  type AssetSource,
  type AssetSourceOf,
  type GivenBy,
  type MultiPartition,
  type PartitionKeyOf,
  type PartitionOf,
  type WindowedPartition,
} from "./definitions/asset-handle.ts";
export { byPartition, isByPartition, type ByPartition } from "./definitions/by-partition.ts";
export type { Check, CheckContext, CheckOutcome, PartitionHistory } from "./definitions/check.ts";
export {
  bytes,
  date,
  decimal,
  decimalOf,
  json,
  sensitive,
  smallint,
  timestamp,
  tinyint,
  type Decimal,
  type DecimalBounds,
} from "./definitions/column-types.ts";
export type { AssetContext, AssetMetricsContext } from "./definitions/context.ts";
export {
  customMapping,
  type CustomMappingOf,
  type CustomMappingOptions,
  type MappedItem,
  type MappedTo,
} from "./definitions/custom-mapping.ts";
export { definitionsBrand, isDefinitions } from "./definitions/definitions-brand.ts";
export { dep, type CheckDeps, type Deps, type DepsOf, type Mapped, type MappingTo } from "./definitions/dependency.ts";
export { env } from "./definitions/env.ts";
export {
  externalAsset,
  type ExternalAssetContext,
  type ExternalAssetOptions,
  type Observation,
} from "./definitions/external-asset.ts";
export type {
  IoManager,
  Logger,
  OutputSlot,
  PinnedInput,
  PinnedObject,
  Relation,
  Staged,
  StepScope,
} from "./definitions/io-manager.ts";
export { job, type Job, type JobOptions } from "./definitions/job.ts";
export {
  readProduct,
  type ColumnOf,
  type DataOf,
  type InputOf,
  type Io,
  type Materialized,
  type Observed,
  type Product,
  type ReadProduct,
  type RowOf,
  type Rows,
  type Schema,
} from "./definitions/materialized.ts";
export { meta, toMetadata, type MetadataConstructors, type MetadataInput } from "./definitions/metadata-values.ts";
export type { Json, Metadata, MetadataValue } from "./definitions/metadata.ts";
export type {
  AssetCheckDefinition,
  BackfillPolicy,
  ComputeDefinition,
  Definitions,
  DependencyDefinition,
  EnvReference,
  ExternalAssetDefinition,
  JobDefinition,
  MaterializeContext,
  MetricsContext,
  ObservationResult,
  ObserveContext,
  OutputDefinition,
  ResourceDefinition,
  ScheduleDefinition,
} from "./definitions/model.ts";
export {
  multiAsset,
  type MultiAsset,
  type MultiAssetOptions,
  type MultiAssetSource,
  type Outputs,
  type Products,
  type RowsOf,
} from "./definitions/multi-asset.ts";
export type {
  BackfillOption,
  ComputeOptions,
  Config,
  DescriptionOptions,
  MetricsFunction,
  OutputOptions,
  Resources,
  SqlSource,
} from "./definitions/options.ts";
export { output, type AnyOutput, type AssetOf, type Output } from "./definitions/output.ts";
export type { DefinitionProblem } from "./definitions/problem.ts";
export { readSchema, tableSchema, type ReadSchema, type SchemaProblem } from "./definitions/read-schema.ts";
export { readSnapshot } from "./definitions/read-snapshot.ts";
export { resource, type OpenedOf, type Resource, type ResourceOptions, type WithEnv } from "./definitions/resource.ts";
export { defaultRetention, sensitiveRetention, type RetentionPolicy } from "./definitions/retention.ts";
export { defaultRetryPolicy, retryPolicy, type RetryPolicy } from "./definitions/retry-policy.ts";
export { schedule, type ScheduleOptions } from "./definitions/schedule.ts";
export { snapshotOf } from "./definitions/snapshot-of.ts";
export {
  snapshotFormat,
  type Snapshot,
  type SnapshotAsset,
  type SnapshotAssetCheck,
  type SnapshotCheck,
  type SnapshotColumnLineage,
  type SnapshotCompute,
  type SnapshotDependency,
} from "./definitions/snapshot.ts";
export type { Bound, Column, ColumnType, TableSchema } from "./definitions/table-schema.ts";
export type {
  AssetColumn,
  AssetColumns,
  ColumnLineage,
  ColumnLineageOf,
  ColumnOrigin,
  ColumnReader,
  ColumnSource,
  DeclaredColumn,
  QueryLineage,
  TracedQuery,
  TracedRelation,
  Transformation,
} from "./definitions/column-lineage.ts";
export { define, type DefineOptions } from "./graph/define.ts";

// Graph and planning
export { assetColumns, tracedQuery, type TraceQueries } from "./graph/asset-columns.ts";
export { assetGraph, assetOf, reach, type AssetGraph, type Dependant } from "./graph/asset-graph.ts";
export {
  evaluateSelection,
  possibleAssets,
  selectAssets,
  type SelectionGraph,
  type SelectOptions,
} from "./graph/selection.ts";
export { lastIn } from "./planning/last-in.ts";
export { changesOf, statusesOf, type SelectionFacts } from "./graph/selection-facts.ts";
export {
  parseSelection,
  type Attribute,
  type ChangeTerm,
  type Selection,
  type StatusTerm,
} from "./graph/selection-parser.ts";
export { stalenessOf, type AssetStaleness, type StaleCause } from "./graph/staleness.ts";
export type { AssetState, ChangedInputs, Origin, PlanningState } from "./graph/asset-state.ts";
export type {
  PartitionRequest,
  Plan,
  PlannedAsset,
  PlannedCheck,
  PlannedEdge,
  PlannedSkip,
  PlannedStep,
  PlanRequest,
} from "./planning/plan.ts";
export { planObservation, type PlanObservationInput } from "./planning/plan-observation.ts";
export { planRun, type PlanRunInput } from "./planning/plan-run.ts";
export {
  isTerminal,
  mayBecome,
  runStatuses,
  runTransitions,
  stepStatuses,
  stepTransitions,
  type RunStatus,
  type StepStatus,
  type Transition,
} from "./planning/run-states.ts";
export { judgeAttempt, type FailedAttempt, type Verdict } from "./planning/verdict.ts";
export { plainRequest, requestDefinition } from "./planning/requested-partitions.ts";

// Tests of users
export {
  materialize,
  type Materialization,
  type MaterializeOptions,
  type MaterializeResult,
} from "./execution/in-memory/materialize.ts";
export {
  dueTicks,
  previewTicks,
  ticksRequest,
  type DueTicks,
  type TickHistory,
  type TickRequest,
} from "./automation/schedule-ticks.ts";
export type { Estimate, EstimatedBytes, EstimateTotal } from "./planning/estimate.ts";
export type { ExplainedGroup, ExplainedStatus, Explanation, Reason, ReasonCode } from "./planning/explanation.ts";
export type { StaleHistory } from "./planning/plan-history.ts";
export type { PlanReport, ReportedAsset } from "./planning/plan-report.ts";
export { partitionsText } from "./planning/request-text.ts";
export { expandPlan, wholePlan, type ExpandOptions, type PlanChunk } from "./planning/expand-plan.ts";
export { planFromJson, planToJson, type PlanJson } from "./planning/plan-codec.ts";
export { describePlan, type PlanDescription } from "./planning/describe-plan.ts";
