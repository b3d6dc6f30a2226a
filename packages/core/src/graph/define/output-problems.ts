import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import type { Collected, DefinedAsset } from "./collect.ts";

/** Outputs that are half given, numbers that make no sense, and paths under the store that cannot be or that two assets would share. */
export function outputProblems({ assets }: Collected): readonly DefinitionProblem[] {
  return [
    ...assets.flatMap(halfGiven),
    ...assets.flatMap(badPath),
    ...assets.flatMap(badRetention),
    ...sharedPaths(assets),
  ];
}

function halfGiven({ key, asset, compute }: DefinedAsset): readonly DefinitionProblem[] {
  if (asset.io !== undefined && asset.schema === undefined) {
    return [
      problem(
        "OUTPUT_INCOMPLETE",
        `asset "${key}", schema`,
        "It has an output and no schema.",
        "Give a schema: a z.object of its columns.",
      ),
    ];
  }
  if (asset.io === undefined && asset.schema !== undefined && compute !== undefined) {
    return [
      problem(
        "OUTPUT_INCOMPLETE",
        `asset "${key}", output`,
        "It has a schema, and nowhere to store its rows.",
        "Give an output, e.g. parquet({ path }); or leave the schema out.",
      ),
    ];
  }
  return [];
}

function badPath({ key, asset: { io } }: DefinedAsset): readonly DefinitionProblem[] {
  const mistake = io === undefined ? undefined : mistakeInPath(io.path);
  if (mistake === undefined) return [];
  return [
    problem(
      "OUTPUT_PATH",
      `asset "${key}", output`,
      `The path ${JSON.stringify(io!.path)} ${mistake}.`,
      'Give a path under the store without extension, like "raw/pos_transactions".',
    ),
  ];
}

/** A hundred years, for those who mean for ever. */
const mostDays = 36_500;

function badRetention({ key, asset }: DefinedAsset): readonly DefinitionProblem[] {
  const { versions = 0, days = 0 } = ("retention" in asset ? asset.retention : undefined) ?? {};
  const at = `asset "${key}", retention`;
  return [
    ...(Number.isSafeInteger(versions) && versions >= 0
      ? []
      : [problem("RETENTION_INVALID", at, `It cannot keep ${versions} versions.`, "Give an integer of 0 or more.")]),
    ...(days >= 0 && days <= mostDays
      ? []
      : [
          problem(
            "RETENTION_INVALID",
            at,
            `It cannot keep versions for ${days} days.`,
            `Give a number from 0 to ${mostDays}.`,
          ),
        ]),
  ];
}

/** The rest of a sentence that begins with the path. */
function mistakeInPath(path: string): string | undefined {
  if (path === "") return "is empty";
  if (path.length > 400) return `has ${path.length} characters, more than 400`;
  const odd = /[^A-Za-z0-9_\-./=]/u.exec(path);
  if (odd !== null) return `holds ${JSON.stringify(odd[0])}`;
  const parts = path.split("/");
  if (parts.some((part) => part === "")) return "begins or ends with /, or has an empty part";
  if (parts.some((part) => part === "." || part === "..")) return 'has the part "." or ".."';
  const first = parts[0]!.toLowerCase();
  if (first === "_iroko" || first === ".iroko") return `lies under ${parts[0]}, which is Iroko's own`;
  return first === "_v" ? "lies under _v, where staged objects are" : undefined;
}

/**
 * A partitioned asset owns the folder of its path; an unpartitioned one a single file beside it. Equal paths collide, and
 * so does anything inside a folder that is owned. Case is ignored: on some disks it is.
 */
function sharedPaths(assets: readonly DefinedAsset[]): readonly DefinitionProblem[] {
  const stored = assets.flatMap((defined) => {
    const { io } = defined.asset;
    return io === undefined ? [] : [{ ...defined, path: io.path, folded: io.path.toLowerCase() }];
  });
  const byPath = new Map<string, (typeof stored)[number]>();
  const problems: DefinitionProblem[] = [];
  const collide = (one: (typeof stored)[number], other: (typeof stored)[number], how: string): void => {
    // Two that others write may well be one place; what we write is ours alone.
    if (one.compute === undefined && other.compute === undefined) return;
    // An asset defined twice is named as such.
    if (one.key === other.key) return;
    problems.push(
      problem(
        "OUTPUT_PATH",
        `asset "${one.key}", output`,
        `Its path "${one.path}" ${how} asset "${other.key}"${other.path === one.path ? "" : `, "${other.path}"`}.`,
        "Give each asset a path of its own.",
      ),
    );
  };
  for (const one of stored) {
    const twin = byPath.get(one.folded);
    if (twin === undefined) byPath.set(one.folded, one);
    else collide(one, twin, "is that of");
  }
  for (const one of stored) {
    const parts = one.folded.split("/");
    for (let length = 1; length < parts.length; length++) {
      const owner = byPath.get(parts.slice(0, length).join("/"));
      if (owner !== undefined && owner.partitions.kind !== "none")
        collide(one, owner, "lies inside the folder of partitions of");
    }
  }
  return problems;
}
