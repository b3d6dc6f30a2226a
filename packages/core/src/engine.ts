/// <reference lib="esnext.temporal" preserve="true" />
// oxlint-disable-next-line import/no-unassigned-import -- it provides a global
import "./temporal.ts";

// Stores and the network gate
export type {
  LocalFile,
  Moved,
  ObjectInfo,
  Published,
  PublishedVersion,
  PublishOptions,
  Put,
  StageOptions,
  Store,
  StoreAbilities,
  UnderwayUpload,
  UploadProgress,
} from "./execution/store.ts";
export type { DataReader, FirstRows, ObjectToShow } from "./execution/data-reader.ts";
export { watchMemory } from "./execution/child/process-limits.ts";
export { childExecArgv } from "./execution/child/child-environment.ts";
export { bootId } from "./execution/boot-id.ts";
export { isOff, secondsAhead, type ClockLook } from "./automation/clock.ts";
export { clockEvents, type ClockEvent } from "./instance/clock.ts";
export { clockOff, clockWasSet, clockWatch, lookAtClocks, requireClock, type Clocks } from "./execution/clock-watch.ts";
export { leastTtlSeconds, ttlTooShort } from "./execution/link-gauge.ts";
export { slowLoopMs } from "./execution/loop-delay.ts";
export { buryRestarted } from "./execution/bury-restarted.ts";
export { openGate } from "./execution/network-gate.ts";
export type { GateAnswer, NetworkGate, TransferRecord, TransferRequest } from "./execution/network-gate.ts";
export { DeferredByGate, gatedStore, type GatedStore, type TransferContext } from "./execution/gated-store.ts";

// Steps and the child processes that run them
export type * from "./execution/step-protocol.ts";
export {
  describeDeath,
  errorOf,
  type ChildOptions,
  type ChildOutcome,
  type StepHandlers,
} from "./execution/child/child.ts";
export { childPool, type ChildPool, type ChildPoolOptions } from "./execution/child/child-pool.ts";
export { executeStep } from "./execution/child/execute-step.ts";
export { loadSnapshot } from "./execution/child/load-snapshot.ts";
export { toPartition, toPartitionRecord } from "./execution/child/partition-record.ts";
export { toErrorRecord } from "./execution/child/user-code.ts";
export type { ObjectCache } from "./execution/object-cache.ts";
export { stableKey, stagedKey } from "./execution/object-keys.ts";

// The instance
export { openDatabase, type Database, type DatabaseOptions, type Queryable, type Tx } from "./instance/database.ts";
export { migrate, requireSchema, schemaVersion, type MigrationReport } from "./instance/migrate.ts";
export {
  currentLocation,
  instanceFacts,
  listLocations,
  listLocationVersions,
  locationAt,
  locationsAt,
  registerLocation,
  stepsOfOtherCode,
  type InstanceFacts,
  type Location,
} from "./instance/locations.ts";
export {
  countsOfRuns,
  findRuns,
  getRun,
  listRuns,
  runProgress,
  type RunCountsRow,
  type RunFilter,
  type RunProgress,
  type RunRecord,
  type RunStatus,
  type RunTrigger,
} from "./instance/runs.ts";
export { describeDeathOf, type Death } from "./planning/parking.ts";
export { whyOfStep } from "./planning/step-why.ts";
export { listSteps, type StepKind, type StepRecord, type StepStatus } from "./instance/steps.ts";
export {
  currentVersions,
  listPartitionNumbers,
  listPartitions,
  materializationsOf,
  type CurrentRow,
  type PartitionNumbers,
  type PartitionRow,
  type StagedRow,
} from "./instance/asset-partitions.ts";
export { listVersions, type VersionRow } from "./instance/versions.ts";
export { listHeldSteps, type HeldSteps } from "./instance/held-steps.ts";
export { listAttempts, type AttemptRow } from "./instance/attempts.ts";
export { databaseFacts, type DatabaseFacts } from "./instance/database-facts.ts";
export { runPieces, type RunPieceRow } from "./instance/run-groups.ts";
export { listDynamicKeys, type DynamicKeyRow } from "./instance/dynamic-partitions.ts";
export { setOfColumns, type SetColumns } from "./instance/columns.ts";
export { failedChecksOf, listCheckResults, listFailedChecks, type CheckResultRow } from "./instance/checks.ts";
export {
  beforeEvents,
  isPlaceKept,
  listEvents,
  newestEvent,
  readEvents,
  type EventCursor,
  type EventRow,
  type EventType,
  newestEventAt,
} from "./instance/events.ts";
export { readLogs, type LogRow, type LogStream } from "./instance/logs.ts";
export { recordTransfers } from "./instance/transfers.ts";
export { listPools, setPool, type PoolRow } from "./instance/pools.ts";
export {
  listLocationHistory,
  queueByLocation,
  storeFacts,
  type LocationVersionRow,
  type QueueRow,
  type StoreFacts,
} from "./instance/overview.ts";
export { listWorkers, type WorkerRow } from "./instance/workers.ts";

// The engine
export { claimStore, ownerOf } from "./execution/claim-store.ts";
export { retentionOf } from "./definitions/retention.ts";
export { readEventDays } from "./execution/forget-events.ts";
export { retentionDue, applyRetention } from "./execution/retention.ts";
export { defaultGraceHours, vacuum, type Garbage, type VacuumOptions } from "./execution/vacuum.ts";
export { rollbackPartition, type RolledBack } from "./execution/rollback.ts";
export { publishPartition } from "./execution/publish.ts";
export { purgePartitions } from "./execution/purge.ts";
export { purgedAt, type Purged } from "./instance/purge.ts";
export { violations, type StrictOptions, type Violation } from "./execution/strict.ts";
export { cancelRun } from "./execution/cancel-run.ts";
export {
  assetStatuses,
  readPlanningState,
  readState,
  statusSets,
  type AssetStatuses,
  type AssetStatusRow,
  type StatusSets,
} from "./execution/planning-state.ts";
export { openStatusCache, type StatusCache } from "./execution/status-cache.ts";
export { existingAt } from "./partitions/existing.ts";
export { readSelectionFacts, selectFrom } from "./execution/read-selection-facts.ts";
export { openStandings, type Standings } from "./execution/standings.ts";
export { sharedLook } from "./execution/shared-look.ts";
export { refreshSummaries } from "./instance/asset-summaries.ts";
export { assetStanding, type AssetStanding } from "./execution/asset-standing.ts";
export { countAssets, type AssetCounts } from "./execution/asset-counts.ts";
export { explainAsset } from "./execution/explain.ts";
export { planRequest } from "./execution/plan-request.ts";
export { requireConfig, type ConfigProblem } from "./planning/require-config.ts";
export { addDynamicKeys, dynamicNameOf, removeDynamicKeys, type MayBeDynamic } from "./execution/dynamic-keys.ts";
export { momentOfRun, readMoment } from "./execution/read-moment.ts";
export { readPlanReport } from "./execution/report-plan.ts";
export { type RetryOptions } from "./execution/repetition.ts";
export { retryRun } from "./execution/retry-run.ts";
export { applyPlan, requireApplicable, storePlan, type StoredPlan } from "./execution/stored-plans.ts";
export { definitionHashesOf } from "./execution/step-definition.ts";
export { observationOf, type ObservationRequest } from "./execution/observation.ts";
export { submitRun, submitRunIn, type Submission } from "./execution/submit-run.ts";
export { builtFiles, type BuiltFile, type BuiltFiles } from "./execution/built-files.ts";
export { patrol } from "./execution/patrol.ts";
export { verifyCommits, type VerifyContext } from "./execution/verify.ts";
export {
  defaultDrainSeconds,
  startWorker,
  type Drained,
  type NamedStep,
  type Worker,
  type WorkerOptions,
} from "./execution/worker.ts";

export { askMappings, type MappingSource } from "./execution/mapping/ask-mappings.ts";
export { mappingEvaluator, type MappingEvaluator } from "./execution/mapping/mapping-evaluator.ts";

// Schedules
export {
  latestTicks,
  listAutomations,
  listTicks,
  setPaused,
  type AutomationRow,
  type TickRow,
} from "./instance/automations.ts";
export { previewSchedule, type PreviewedTick } from "./execution/preview-schedule.ts";
export { evaluateSchedules, startScheduler, type Scheduler, type SchedulerOptions } from "./execution/scheduler.ts";

// Who may do what, and who did what
export { redactorOf, type Redactor } from "./execution/redaction.ts";
export { lesserRole, mayAct, parseRole, requireRoleOf, type Principal } from "./access/principal.ts";
export { addUser, removeUser, setPassword, setRole } from "./access/users.ts";
export {
  createToken,
  defaultTokenDays,
  longestTokenDays,
  principalOfToken,
  revokeToken,
  tokenNotFound,
  type NewToken,
} from "./access/tokens.ts";
export { beginAttempt, type Attempt } from "./access/attempts.ts";
export { changeOwnPassword, endOwnSessions, ownSessions, requireUser } from "./access/own-account.ts";
export { csrfToken, endLoginSession, openLoginSession, principalOfSession } from "./access/sessions.ts";
export { audited, type AuditSubject } from "./access/audited.ts";
export { verifyAudit, type AuditFault, type AuditVerdict } from "./access/verify-audit.ts";
export { anybodyMayEnter, listUsers, type UserRow } from "./instance/users.ts";
export { listTokens, type TokenRow } from "./instance/tokens.ts";
export {
  insertAudit,
  listAudit,
  type Actor,
  type AuditEntry,
  type AuditFilter,
  type AuditRow,
} from "./instance/audit.ts";
