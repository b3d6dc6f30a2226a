/**
 * Every error thrown on purpose is an `IrokoError`: a stable code to match on, a message that names the thing and the
 * value, a hint with the next move, and the cause kept. `docs/reference/errors.md` lists this catalogue; a test keeps
 * the two equal.
 */

/** What each code stands for, in one sentence; the order is that of the reference page. */
export const errorCatalogue = {
  // Definitions: known at load, exit code 2.
  DEFINITIONS_INVALID: "The definitions hold one or more mistakes; each is listed with its own code.",
  DEFINITIONS_NOT_FOUND: "No definitions module was found.",
  DEFINITIONS_NO_DEFAULT: "The definitions module has no default export made by define().",
  DEFINITIONS_THREW: "The definitions module threw while it was imported.",
  ASSET_KEY_INVALID: "An asset's key holds characters that a key cannot, or is too long.",
  ASSET_DUPLICATE: "Two assets have the same key.",
  ASSET_CYCLE: "Assets depend on each other in a circle.",
  NOT_AN_ASSET: "Something that is not an asset stands where one is asked for.",
  DEPENDENCY_UNKNOWN: "An asset depends on one that is not among the definitions.",
  DEPENDENCY_NAME: "A dependency has a name that means something else in a step.",
  OUTPUT_PATH: "An asset's storage path cannot be, or lies where another asset is stored.",
  OUTPUT_INCOMPLETE: "An asset has a schema and nowhere to store it, or an output without a schema.",
  SCHEMA_UNSUPPORTED: "A schema uses a zod feature that a table does not have.",
  CHECK_INVALID: "A check has a name twice on its asset, or reads a column that the schema does not have.",
  COLUMN_LINEAGE_INVALID: "Declared column lineage names a column or a dependency that is not there.",
  RESOURCE_DUPLICATE: "Two different resources have the same key.",
  BACKFILL_INVALID: "A backfill policy needs partitions, or its batch size is no positive integer.",
  RETRY_INVALID: "A retry policy's numbers make no sense.",
  TIMEOUT_INVALID: "A step's limit of time makes no sense.",
  RETENTION_INVALID: "A retention policy's numbers make no sense.",
  JOB_INVALID: "A job's key stands twice or is empty, or its priority or limit is no such number.",
  SCHEDULE_INVALID: "A schedule's key stands twice or is empty, or its limit is no such number.",
  JOB_NOT_FOUND: "There is no job of that key.",
  SNAPSHOT_INVALID: "A snapshot cannot be read, or was made by a newer Iroko.",
  PARTITIONS_INVALID: "A partitions definition cannot be: a start, a format, an offset or a key of it is wrong.",
  PARTITION_MAPPING: "A partition mapping cannot join the two sides it stands between.",
  MAPPING_FAILED: "A partition mapping's function threw, or answered with what is no upstream partition.",
  MAPPING_UNANSWERED: "A partition mapping's function has to be asked, and no live worker of its location answers.",
  CRON_INVALID: "A cron expression cannot be read, or never fires.",
  TIMEZONE_INVALID: "There is no time zone of that name.",
  // Partitions and selections: known before a run starts, exit code 2.
  PARTITION_NOT_FOUND: "An asset has no such partition.",
  DYNAMIC_PARTITIONS_NOT_FOUND: "There are no dynamic partitions of that name, or the asset has none.",
  PARTITION_OPEN: "The partition's window has not ended yet.",
  PARTITION_FUTURE: "The partition's window has not begun yet.",
  PARTITION_FORMAT: "A partition key is not written in its definition's format.",
  PARTITION_RANGE: "A range of partitions starts after its end.",
  PARTITION_SET: "A set of partitions is of another kind, or of other dimensions, than what it is put to.",
  PARTITION_UNSPECIFIED: "Partitioned assets were asked for without a word on which partitions.",
  SELECTION_SYNTAX: "A selection cannot be read.",
  SELECTION_EMPTY: "A selection names no asset.",
  SELECTION_STATE: "A selection asks for what only an instance knows, where there is none.",
  ASSET_RENAME: "An asset cannot take over the history of the key that it is said to have had.",
  ASSET_NOT_FOUND: "There is no asset of that key.",
  PLAN_INPUT_MISSING: "A plan would read upstream partitions that nobody has made and that it does not make.",
  PLAN_UNKNOWN: "There is no plan of that id.",
  PLAN_SPENT: "The plan was applied already.",
  PLAN_OUT_OF_DATE: "The definitions or the state that a plan rests on have moved since it was made.",
  // The instance: known when it is opened, exit code 2.
  DATABASE_UNREACHABLE: "Postgres cannot be reached.",
  DATABASE_FULL: "Postgres has no room left on its disk.",
  DATABASE_DENIED: "Postgres refused the connection.",
  DATABASE_NEWER: "The database was migrated by a newer Iroko than this one.",
  DATABASE_OLDER: "The database has to be migrated first.",
  DATABASE_DAMAGED: "Postgres has found data that a disk has damaged.",
  CLOCK_OFF: "This machine's clock and that of Postgres are minutes or hours apart.",
  TTL_TOO_SHORT: "A worker's time to live is shorter than its link to Postgres allows.",
  MIGRATION_CHANGED: "A migration that was applied reads otherwise now.",
  LOCATION_NOT_FOUND: "No code location of that name has registered its definitions.",
  RUN_NOT_FOUND: "There is no run of that id.",
  RUN_AMBIGUOUS: "An abbreviated id stands for several runs.",
  RUN_ENDED: "The run has ended already.",
  RUN_NOT_ENDED: "The run has not ended yet.",
  RETRY_SELECTION: "A retry of a selection finds nothing in it to repeat.",
  RUN_SUCCEEDED: "The run has succeeded: nothing is left to retry.",
  VERSION_NOT_KEPT: "A version of a partition does not exist, or is kept no longer.",
  PARTITION_BUSY: "A run that has not ended makes or reads the partition.",
  // Steps: known when the step runs.
  INPUT_MISSING: "A step reads an upstream partition that has not been made.",
  INPUT_GONE: "An object that a step has pinned is no longer in the store.",
  CHILD_DIED: "The process that ran the step died under it.",
  STEP_TIMEOUT: "A step ran for longer than its definition allows.",
  STEP_PARKED: "The step was given up: processes died under it time and again.",
  CODE_MOVED: "No live worker has the code that the step was planned with.",
  CANCELED: "The step was canceled.",
  INTERNAL: "Iroko's own work for the step failed; the user's code did not.",
  CONFIG_INVALID: "A step's config is not what its asset asks for.",
  ENV_MISSING: "An environment variable that a resource refers to is not set.",
  RESOURCE_CONFIG: "A resource's configuration is not what it asks for.",
  RESOURCE_OPEN: "A resource gave a promise of itself to code that needs it at once.",
  OUTPUT_MISSING: "A step gave nothing for an output that is not optional.",
  OUTPUT_UNKNOWN: "A step gave a value for an output that it does not have.",
  PARTITIONS_MIXED: "One value was given, or one partition asked for, in a step of several partitions.",
  METADATA_INVALID: "A metadata value does not say its type.",
  CHECK_FAILED: "A blocking check failed.",
  CHECK_THREW: "A blocking check threw instead of answering.",
  USER_CODE: "User code threw.",
  SQL_FAILED: "A query of the user's failed in DuckDB.",
  SQL_FILE: "A .sql file that the definitions name cannot be read.",
  SQL_RESULT: "A query's columns or types are not what the asset's schema says.",
  OUTPUT_INVALID: "What was given for an output is neither a relation nor rows that fit its schema.",
  CONTRACT_VIOLATED: "A built file breaks its schema's contract; it was not published.",
  METRICS_INVALID: "A metrics query does not give one row of values.",
  SCHEMA_OLD: "Partitions that a step reads were written with a schema that the present one cannot read.",
  BUFFER_NOT_FOUND: "An edge's buffer file is not there.",
  BUFFER_INVALID: "An edge's buffer file is not SQLite, is damaged, or lacks the table or columns of a buffer.",
  WOULD_SHRINK: "A cumulative partition would hold fewer rows than the version before it.",
  SOURCE_NOT_FOUND: "A file that is read is not there.",
  SOURCE_COLUMNS: "A file that is read has other columns than it should.",
  OUT_OF_MEMORY: "The step, or DuckDB in it, needed more memory than it may use.",
  DISK_FULL: "The disk is full.",
  // Stores and objects: known when bytes are moved.
  STORE_URI: "A store's address is neither a folder nor s3://bucket/prefix.",
  STORE_UNREACHABLE: "The store's server does not answer.",
  STORE_DENIED: "The store refused the credentials, or what they may do.",
  STORE_NO_BUCKET: "The store's bucket does not exist.",
  STORE_FULL: "The store has no room left.",
  STORE_TAKEN: "The store belongs to another instance.",
  STORE_FAILED: "The store answered with an error that has no code of its own here.",
  OBJECT_KEY: "An object's key would leave the store, or cannot be a file's name.",
  OBJECT_NOT_FOUND: "There is no object of that key.",
  OBJECT_CHANGED: "An object is no longer the one that its ETag names.",
  OBJECT_CONFLICT: "Another object is there under a key that is written once.",
  OBJECT_DAMAGED: "An object's bytes are not those that its checksum names.",
  PARQUET_INVALID: "A file is not Parquet, or its footer cannot be read.",
  TRANSFER_DEFERRED: "The network gate put a transfer off.",
  // The server: known when it starts, or answered to a request.
  HOST_NOT_ALLOWED: "The server was told to listen where others could reach it, and lacks what that needs.",
  PUBLIC_URL: "The server's public address is not one that browsers could open.",
  TLS_INVALID: "The server's certificate or its key cannot be used.",
  PAGE_NOT_BUILT: "The page's files are not there, because nobody has built them.",
  PORT_IN_USE: "The port is in use by another process.",
  LISTEN_FAILED: "The server cannot listen on that address.",
  NOT_FOUND: "The server has nothing at that path.",
  METHOD_NOT_ALLOWED: "The server has something at that path, but not for that method.",
  HOST_REFUSED: "A request called the server by a name that is not its own.",
  ORIGIN_REFUSED: "A request that changes something came from another site's page.",
  CONTENT_TYPE: "A request's body is not JSON.",
  BODY_TOO_LARGE: "A request's body is larger than the server reads.",
  REQUEST_INVALID: "A request's body or query is not what its route takes.",
  QUERY_TIMEOUT: "Postgres took longer over a statement than the server lets it.",
  TOO_MANY_STREAMS: "There are as many streams open as the server keeps.",
  SERVER_UNREACHABLE: "A client's server does not answer.",
  ANSWER_INVALID: "What answers a client is no Iroko server, or one of another version.",
  SERVER_URL: "What names a server is no address, or one over which a token would travel readable.",
  LOCAL_ONLY: "A command that needs the machine of the instance was asked to go over its server.",
  HTTPS_NEEDED: "A request reached the server's proxy without TLS.",
  SIGN_IN_NEEDED: "A request came from nobody that the server knows.",
  SIGN_IN_REFUSED: "Somebody tried to sign in by a wrong name or password.",
  TOKEN_REFUSED: "An API token is not one of the server's, was revoked, or has expired.",
  TOKEN_IN_URL: "A request carried a token in its address.",
  CSRF_REFUSED: "A request that changes something did not come from the session's own page.",
  ROLE_NEEDED: "Somebody asked for what its role does not allow.",
  RATE_LIMITED: "There were more requests than the server takes in a while.",
  FOLDER_IN_USE: "The folder for a new project holds files that would be overwritten.",
  PREVIEW_REFUSED: "There are no rows to show of that partition, or they cannot be shown.",
  PREVIEW_TOO_LARGE: "More bytes than anybody would wait for would have to travel to show some rows.",
  PREVIEW_FAILED: "The process that looks into data for the server failed, or took too long.",
  SCHEDULE_NOT_FOUND: "There is no schedule of that key.",
  // Users and tokens: known when they are made or changed, exit code 2.
  USER_NOT_FOUND: "There is no user of that name.",
  USER_EXISTS: "There is a user of that name already.",
  USER_NAME_INVALID: "A user's name holds characters that a name cannot, or is too long.",
  PASSWORD_WEAK: "A password is too short, or made of too few characters.",
  PASSWORD_WRONG: "A user's present password was to be given, and it is another one.",
  NOT_A_USER: "Something about the own account was asked for by somebody who has none.",
  ROLE_UNKNOWN: "There is no such role.",
  TOKEN_NOT_FOUND: "There is no API token of that id.",
  // The embedded PostgreSQL: known before a run starts, exit code 2.
  EMBEDDED_POSTGRES_UNAVAILABLE: "No embedded PostgreSQL can run on this machine as it is.",
  EMBEDDED_POSTGRES_DATA: "The embedded PostgreSQL's data folder is damaged, of another version or another's.",
  EMBEDDED_POSTGRES_START: "The embedded PostgreSQL did not start.",
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

/**
 * Errors of steps that stay until somebody acts: code, definitions, data or permissions are as they are, and no retry
 * mends them. All others are transient: a link, a disk under load, a process that died, and whatever user code throws.
 */
export const lastingErrors: ReadonlySet<string> = new Set<ErrorCode>([
  "DEFINITIONS_INVALID",
  "DEFINITIONS_NOT_FOUND",
  "DEFINITIONS_NO_DEFAULT",
  "DEFINITIONS_THREW",
  "PARTITION_NOT_FOUND",
  "PARTITION_OPEN",
  "PARTITION_FUTURE",
  "PARTITION_FORMAT",
  "MAPPING_FAILED",
  "INPUT_MISSING",
  "INPUT_GONE",
  "CANCELED",
  "CONFIG_INVALID",
  "ENV_MISSING",
  "RESOURCE_CONFIG",
  "RESOURCE_OPEN",
  "OUTPUT_MISSING",
  "OUTPUT_UNKNOWN",
  "PARTITIONS_MIXED",
  "METADATA_INVALID",
  "CHECK_FAILED",
  "SQL_FAILED",
  "SQL_FILE",
  "SQL_RESULT",
  "OUTPUT_INVALID",
  "CONTRACT_VIOLATED",
  "BUFFER_NOT_FOUND",
  "BUFFER_INVALID",
  "WOULD_SHRINK",
  "SOURCE_NOT_FOUND",
  "SOURCE_COLUMNS",
  "METRICS_INVALID",
  "SCHEMA_OLD",
  "OUT_OF_MEMORY",
  "DISK_FULL",
  "STORE_URI",
  "STORE_DENIED",
  "STORE_NO_BUCKET",
  "STORE_FULL",
  "OBJECT_KEY",
  "PARQUET_INVALID",
]);

/** Where a mistake is: a file and position, an asset's property, a character of a selection. */
export interface ErrorPlace {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** e.g. `asset "cleaned_pos_transactions", deps.raw`. */
  readonly subject?: string;
}

export interface IrokoErrorOptions {
  readonly hint?: string;
  readonly place?: ErrorPlace;
  readonly cause?: unknown;
  /** Facts for programs: JSON values only, never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An error as it travels between processes and into the database. */
export interface ErrorRecord {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly place?: ErrorPlace;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The stack of user code, our own frames left out. */
  readonly stack?: string;
}

export class IrokoError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly place: ErrorPlace | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: IrokoErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "IrokoError";
    this.code = code;
    this.hint = options.hint;
    this.place = options.place;
    this.details = options.details;
  }

  toRecord(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.place === undefined ? {} : { place: this.place }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}
