import type { TableSchema } from "@iroko/core";
import type { AssetColumn, AssetColumns, ColumnSource } from "@iroko/core/client";
import { InvalidArgumentError } from "commander";
import type { AssetFacts, CheckFacts, KeptVersion, VersionFacts } from "../assets/asset-facts.ts";
import { openAssets } from "../assets/assets.ts";
import { columnType, formatMetadata } from "../assets/format-values.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { formatTable, type TableColumn } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { formatBytes, formatCount, plural } from "../terminal/units.ts";

interface AssetsShowOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly partition?: string;
  readonly rows: number;
  readonly versions: number;
}

const command: CliCommand<AssetsShowOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<asset>", "its key; key@partition for one of its partitions")
      .option("-p, --partition <partition>", "only this partition")
      .option("--rows <n>", "show rows of the newest partition, sensitive columns masked", count, 0)
      .option("--versions <n>", "how many partitions to list", count, 10);
  },
  async run({ args: [name = ""], options, terminal }) {
    const [key, partition] = splitName(name);
    await using assets = await openAssets(options, terminal);
    const { partition: wanted = partition, rows, versions } = options;
    const facts = await assets.show({ key, partition: wanted, rows, versions });
    if (options.json === true) terminal.data(JSON.stringify(facts, null, 2));
    else print(facts, terminal);
    return exitCodes.done;
  },
};

export default command;

function splitName(name: string): [key: string, partition: string | undefined] {
  const at = name.indexOf("@");
  return at === -1 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)];
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("It is a whole number of 0 or more.");
}

function print(facts: AssetFacts, terminal: Terminal): void {
  const { data, styleData } = terminal;
  data(styleData("bold", facts.key));
  if (facts.description !== null) data(facts.description);
  printFields(
    [
      ["kind", [facts.kind === "external" ? "external" : "", ...facts.kinds].filter(Boolean).join(" ")],
      ["group", facts.group],
      ["owners", facts.owners.join(", ")],
      [
        "tags",
        Object.entries(facts.tags)
          .map(([name, value]) => `${name}=${value}`)
          .join(", "),
      ],
      ["made from", facts.upstream.join(", ")],
      ["read by", facts.downstream.join(", ")],
    ],
    terminal,
  );
  printPartitions(facts, terminal);
  if (facts.schema !== null) printSchema(facts.schema, terminal);
  printColumnLineage(facts.columnLineage, terminal);
  printVersions(facts.versions, terminal);
  printKept(facts, terminal);
  printMetadata(facts.versions[0], terminal);
  printChecks(facts.checks, terminal);
  if (facts.footer !== null) {
    const { rows, rowGroups, compression, createdBy } = facts.footer;
    section("file", terminal);
    data(
      `  ${formatCount(rows)} rows in ${plural(rowGroups.length, "row group")}, ${compression.join(" ")}, written by ${createdBy ?? "nobody it names"}`,
    );
  }
  if (facts.rows !== null) {
    section("rows", terminal);
    const names = facts.schema?.columns.map(({ name }) => name) ?? [];
    table<Readonly<Record<string, unknown>>>(
      names.map((title) => ({ title, value: (row) => shown(row[title]), shrinks: true })),
      facts.rows,
      terminal,
    );
  }
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function printFields(fields: readonly (readonly [name: string, value: string])[], { data, styleData }: Terminal): void {
  for (const [name, value] of fields) if (value !== "") data(`  ${styleData("dim", name.padEnd(10))} ${value}`);
}

function printPartitions({ partitions, kind }: AssetFacts, terminal: Terminal): void {
  const isOne = partitions.existing.partitions === "" && partitions.existing.count === 1;
  const names = (["made", "missing", "failed", "stale", "behind", "inProgress"] as const).filter(
    (name) => partitions[name].count > 0,
  );
  section("partitions", terminal);
  if (isOne) {
    terminal.data(`  none: it is one thing, ${names.map((name) => words[name]).join(", ") || "not made yet"}`);
    return;
  }
  printFields(
    [
      ["existing", `${formatCount(partitions.existing.count)}: ${partitions.existing.partitions || "none yet"}`],
      ...names
        .filter((name) => name !== "missing" || kind !== "external")
        .map(
          (name) => [words[name], `${formatCount(partitions[name].count)}: ${partitions[name].partitions}`] as const,
        ),
    ],
    terminal,
  );
}

const words = {
  made: "made",
  missing: "missing",
  failed: "failed",
  stale: "stale",
  behind: "behind",
  inProgress: "being made",
} as const;

function printSchema({ columns }: TableSchema, terminal: Terminal): void {
  section("schema", terminal);
  table<TableSchema["columns"][number]>(
    [
      { title: "column", value: ({ name }) => name },
      { title: "type", value: ({ type }) => columnType(type) },
      {
        title: "",
        value: ({ nullable, sensitive }) =>
          [nullable ? "nullable" : "", sensitive ? "sensitive" : ""].filter(Boolean).join(" "),
      },
      { title: "", value: ({ description }) => description ?? "", shrinks: true },
    ],
    columns,
    terminal,
  );
}

function printColumnLineage({ columns, otherReaders }: AssetColumns, terminal: Terminal): void {
  if (columns.length === 0) return;
  section("column lineage", terminal);
  table<AssetColumn>(
    [
      { title: "column", value: ({ column }) => column },
      { title: "from", value: originText, shrinks: true },
      { title: "as", value: sourceText },
      { title: "read by", value: readersText, shrinks: true },
    ],
    columns,
    terminal,
  );
  if (otherReaders.length > 0) terminal.data(`  Which columns these read is not known: ${otherReaders.join(", ")}`);
}

const originsText = (from: readonly ColumnSource[]): string =>
  from
    .map(({ asset, column }) => (column === null ? `rows of ${asset}` : `${asset}.${column}`))
    .toSorted()
    .join(", ");

function originText({ from, unknown }: Pick<AssetColumn, "from" | "unknown">): string {
  const known = originsText(from);
  if (unknown === null) return known || "a constant, or the partition";
  return `${known === "" ? "unknown" : `${known}, and what is unknown`}: ${unknown}`;
}

/** Who says so, and what SQL says otherwise. */
function sourceText({ source, transformation, description, sql, from }: AssetColumn): string {
  if (source !== "declared") return source ?? "";
  const differs = sql !== null && (sql.unknown !== null || originsText(sql.from) !== originsText(from));
  return [
    "declared",
    transformation === null ? "" : ` ${transformation}`,
    description === null ? "" : `: ${description}`,
    differs ? ` (sql: ${originText(sql)})` : "",
  ].join("");
}

const readersText = ({ readBy }: AssetColumn): string =>
  readBy
    .map(({ asset, columns }) => (columns.length === 0 ? `${asset} (rows)` : `${asset} in ${columns.join(", ")}`))
    .join("; ");

function printVersions(versions: readonly VersionFacts[], terminal: Terminal): void {
  if (versions.length === 0) return;
  section("latest", terminal);
  table<VersionFacts>(
    [
      { title: "partition", value: ({ partition }) => partition ?? "-" },
      { title: "version", value: ({ version }) => version, align: "right" },
      { title: "last", value: ({ lastStatus }) => lastStatus },
      { title: "rows", value: ({ rows }) => rows, align: "right" },
      { title: "bytes", value: ({ bytes }) => formatBytes(bytes), align: "right" },
      { title: "made at", value: ({ madeAt }) => madeAt?.slice(0, 19).replace("T", " ") ?? "" },
      { title: "where", value: ({ uri }) => uri },
    ],
    versions,
    terminal,
  );
}

/** Where there is more than the current one. */
function printKept({ kept, purgedAt }: AssetFacts, terminal: Terminal): void {
  if (purgedAt !== null) terminal.data(`\nIts data was purged at ${purgedAt.slice(0, 19)}Z.`);
  if (kept.length < 2) return;
  section("versions", terminal);
  const time = (text: string | null): string => text?.slice(0, 19).replace("T", " ") ?? "";
  table<KeptVersion>(
    [
      { title: "version", value: ({ version }) => version, align: "right" },
      { title: "", value: ({ current }) => (current ? "current" : "") },
      { title: "rows", value: ({ rows }) => rows, align: "right" },
      { title: "bytes", value: ({ bytes }) => formatBytes(bytes ?? 0), align: "right" },
      { title: "made at", value: ({ madeAt }) => time(madeAt) },
      { title: "replaced at", value: ({ replacedAt }) => time(replacedAt) },
      { title: "run", value: ({ run }) => run },
    ],
    kept,
    terminal,
  );
}

function printMetadata(version: VersionFacts | undefined, terminal: Terminal): void {
  const entries = Object.entries(version?.metadata ?? {});
  if (entries.length === 0) return;
  section(version?.partition === null ? "metadata" : `metadata of ${version!.partition}`, terminal);
  const width = Math.max(...entries.map(([name]) => name.length));
  for (const [name, value] of entries) {
    terminal.data(`  ${terminal.styleData("dim", name.padEnd(width))} ${formatMetadata(value)}`);
  }
}

function printChecks(checks: readonly CheckFacts[], terminal: Terminal): void {
  if (checks.length === 0) return;
  const failed = checks.filter(({ passed }) => !passed);
  section(`checks: ${formatCount(checks.length - failed.length)} of ${formatCount(checks.length)} passed`, terminal);
  for (const { name, partition, severity, message, violations, sample } of failed.slice(0, 10)) {
    const colour = severity === "warn" ? "yellow" : "red";
    const where = partition === null ? name : `${name}@${partition}`;
    const found = message ?? (violations === null ? "did not pass" : `${violations} rows break it`);
    terminal.data(`  ${terminal.styleData(colour, severity)} ${where}: ${found}`);
    for (const row of (Array.isArray(sample) ? sample : []).slice(0, 3)) terminal.data(`    ${JSON.stringify(row)}`);
  }
}

function section(title: string, { data, styleData }: Terminal): void {
  data(`\n${styleData("bold", title)}`);
}

function table<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[], terminal: Terminal): void {
  const style = (text: string): string => terminal.styleData("dim", text);
  const text = formatTable<Row>(columns, rows, { width: terminal.columns - 2, style });
  terminal.data(text.replaceAll(/^/gm, "  "));
}
