import type { CliCommand } from "./command.ts";

export interface CommandEntry {
  /** As typed after `iroko`, of one word or two. */
  readonly name: string;
  readonly summary: string;
  /** The heading that `iroko --help` lists it under. */
  readonly group: string;
  load(): Promise<{ readonly default: CliCommand }>;
}

const [start, make, look, operate] = ["Start:", "Make assets:", "Look:", "Operate:"];

/** Every command, in the order of `iroko --help`. Only the one that was typed is loaded. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "make a project that runs at once",
    group: start,
    load: () => import("./commands/init.ts"),
  },
  {
    name: "dev",
    summary: "database, worker, schedules and page in one process; reloads on save",
    group: start,
    load: () => import("./commands/dev.ts"),
  },
  {
    name: "check",
    summary: "find mistakes in definitions and SQL, without data",
    group: make,
    load: () => import("./commands/check.ts"),
  },
  {
    name: "plan",
    summary: "show what materialize or backfill would do",
    group: make,
    load: () => import("./commands/plan.ts"),
  },
  {
    name: "apply",
    summary: "make exactly what a plan says, if nothing has moved since",
    group: make,
    load: () => import("./commands/apply.ts"),
  },
  {
    name: "materialize",
    summary: "make assets, of one partition or some",
    group: make,
    load: () => import("./commands/materialize.ts"),
  },
  {
    name: "backfill",
    summary: "make many partitions: a range, or what is missing, failed or stale",
    group: make,
    load: () => import("./commands/backfill.ts"),
  },
  {
    name: "observe",
    summary: "look at external assets, so that what reads them can become stale",
    group: make,
    load: () => import("./commands/observe.ts"),
  },
  {
    name: "assets list",
    summary: "list the assets and how much of each is made",
    group: look,
    load: () => import("./commands/assets-list.ts"),
  },
  {
    name: "assets show",
    summary: "show an asset: partitions, versions, checks, metadata, rows",
    group: look,
    load: () => import("./commands/assets-show.ts"),
  },
  {
    name: "partitions list",
    summary: "list the keys of dynamic partitions",
    group: look,
    load: () => import("./commands/partitions-list.ts"),
  },
  {
    name: "partitions add",
    summary: "add keys to dynamic partitions",
    group: look,
    load: () => import("./commands/partitions-add.ts"),
  },
  {
    name: "partitions remove",
    summary: "remove keys of dynamic partitions; what is made of them stays",
    group: look,
    load: () => import("./commands/partitions-remove.ts"),
  },
  {
    name: "explain",
    summary: "say why partitions are fresh, stale, waiting, failed or missing",
    group: look,
    load: () => import("./commands/explain.ts"),
  },
  {
    name: "runs list",
    summary: "list the runs, the newest first",
    group: look,
    load: () => import("./commands/runs-list.ts"),
  },
  {
    name: "runs show",
    summary: "show a run: its steps, what failed and where",
    group: look,
    load: () => import("./commands/runs-show.ts"),
  },
  {
    name: "runs logs",
    summary: "print what steps have printed",
    group: look,
    load: () => import("./commands/runs-logs.ts"),
  },
  {
    name: "runs cancel",
    summary: "cancel a run: what waits and what runs",
    group: look,
    load: () => import("./commands/runs-cancel.ts"),
  },
  {
    name: "runs retry",
    summary: "run again what did not succeed",
    group: look,
    load: () => import("./commands/runs-retry.ts"),
  },
  {
    name: "pools list",
    summary: "list the concurrency pools, their size and who is in them",
    group: look,
    load: () => import("./commands/pools-list.ts"),
  },
  {
    name: "pools set",
    summary: "limit how many steps of a pool run at once",
    group: look,
    load: () => import("./commands/pools-set.ts"),
  },
  {
    name: "schedules list",
    summary: "list the schedules and their next ticks",
    group: look,
    load: () => import("./commands/schedules-list.ts"),
  },
  {
    name: "schedules preview",
    summary: "show the next ticks and what each would run",
    group: look,
    load: () => import("./commands/schedules-preview.ts"),
  },
  {
    name: "schedules pause",
    summary: "pause a schedule, over deploys too",
    group: look,
    load: () => import("./commands/schedules-pause.ts"),
  },
  {
    name: "schedules resume",
    summary: "let a paused schedule go on",
    group: look,
    load: () => import("./commands/schedules-resume.ts"),
  },
  {
    name: "serve",
    summary: "API, page and schedules of an instance; runs no user code",
    group: operate,
    load: () => import("./commands/serve.ts"),
  },
  {
    name: "deploy",
    summary: "register the definitions, and say what changes by them",
    group: operate,
    load: () => import("./commands/deploy.ts"),
  },
  {
    name: "worker",
    summary: "run steps until told to stop",
    group: operate,
    load: () => import("./commands/worker.ts"),
  },
  {
    name: "migrate",
    summary: "bring the database's schema up to this version",
    group: operate,
    load: () => import("./commands/migrate.ts"),
  },
  {
    name: "rollback",
    summary: "make an older version of a partition current again",
    group: operate,
    load: () => import("./commands/rollback.ts"),
  },
  {
    name: "purge",
    summary: "take partitions away for good, everywhere they are",
    group: operate,
    load: () => import("./commands/purge.ts"),
  },
  {
    name: "vacuum",
    summary: "delete what retention no longer keeps and what no step has told of",
    group: operate,
    load: () => import("./commands/vacuum.ts"),
  },
  {
    name: "doctor",
    summary: "look for what is wrong with the machine, the database, the store and the workers",
    group: operate,
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "users add",
    summary: "let somebody sign in on a server that others can reach",
    group: operate,
    load: () => import("./commands/users-add.ts"),
  },
  {
    name: "users list",
    summary: "list the users, their roles and when they were seen",
    group: operate,
    load: () => import("./commands/users-list.ts"),
  },
  {
    name: "users set-role",
    summary: "change what a user may do",
    group: operate,
    load: () => import("./commands/users-set-role.ts"),
  },
  {
    name: "users set-password",
    summary: "give a user a new password",
    group: operate,
    load: () => import("./commands/users-set-password.ts"),
  },
  {
    name: "users change-password",
    summary: "change your own password on a server",
    group: operate,
    load: () => import("./commands/users-change-password.ts"),
  },
  {
    name: "users remove",
    summary: "remove a user, its sessions and its tokens",
    group: operate,
    load: () => import("./commands/users-remove.ts"),
  },
  {
    name: "tokens create",
    summary: "make an API token, for programs",
    group: operate,
    load: () => import("./commands/tokens-create.ts"),
  },
  {
    name: "tokens list",
    summary: "list the API tokens and when they were used",
    group: operate,
    load: () => import("./commands/tokens-list.ts"),
  },
  {
    name: "tokens revoke",
    summary: "revoke an API token at once",
    group: operate,
    load: () => import("./commands/tokens-revoke.ts"),
  },
  {
    name: "audit list",
    summary: "list who changed what, the newest first",
    group: operate,
    load: () => import("./commands/audit-list.ts"),
  },
  {
    name: "audit verify",
    summary: "check that nobody has changed the audit",
    group: operate,
    load: () => import("./commands/audit-verify.ts"),
  },
];
