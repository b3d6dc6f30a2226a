import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { IrokoError } from "@iroko/core";
import type { Published, PublishedVersion, PublishOptions, StoreAbilities } from "@iroko/core/engine";
import { objectNotFound } from "../object-errors.ts";
import { compareVersions } from "../published-version.ts";
import { pause, type Bucket } from "./bucket.ts";
import { copyOnServer, copyUnconditionally, putAgain, type Condition, type Way } from "./ways-to-publish.ts";
import { isUncertain, lostTheRace } from "./explain-s3.ts";

/** As often as one may lose: among a hundred publishers each loses only to one that won. */
const lostRaces = 100;

export interface Publication {
  readonly stagedKey: string;
  readonly stableKey: string;
  readonly version: PublishedVersion;
}

/**
 * Makes the stable object a copy of the staged one. Each try looks at what is there, decides, and writes under the
 * condition that it is still there; a try that loses looks again. ETags name contents here, so this guard cannot tell
 * a version from an equal one before it: whoever publishes reads the pointer again afterwards.
 */
export async function publishObject(
  bucket: Bucket,
  by: StoreAbilities["publishBy"],
  publication: Publication,
  { signal, evenOver }: PublishOptions = {},
): Promise<Published> {
  const { stagedKey, stableKey, version } = publication;
  const staged = await bucket.sendAgain(() => bucket.head(stagedKey, signal), 3, signal);
  if (staged === undefined) throw objectNotFound(bucket.uriOf(stagedKey));
  const copy = {
    bucket,
    stagedKey,
    stableKey,
    stagedEtag: staged.ETag ?? "",
    bytes: staged.ContentLength ?? 0,
    metadata: metadataOf(publication, staged.Metadata?.["sha256"]),
    signal,
  };
  const way: Way =
    by === "serverCopy" ? copyOnServer(copy) : by === "conditionalPut" ? putAgain(copy) : copyUnconditionally(copy);

  let mayHavePublished = false;
  try {
    for (let attempt = 1; attempt <= lostRaces; attempt++) {
      const there = await bucket.sendAgain(() => bucket.head(stableKey, signal), 3, signal);
      const verdict = judge(there, publication, staged, evenOver);
      if (verdict === "newerThere") return { outcome: verdict, etag: there?.ETag ?? "", bytesMoved: way.bytesMoved() };
      if (verdict === "alreadyCurrent")
        return {
          outcome: mayHavePublished ? "published" : verdict,
          etag: there?.ETag ?? "",
          bytesMoved: way.bytesMoved(),
        };
      try {
        const etag = await way.write(conditionOn(there));
        return { outcome: "published", etag, bytesMoved: way.bytesMoved() };
      } catch (error) {
        if (error instanceof IrokoError || !(lostTheRace(error) || isUncertain(error))) throw error;
        if (isUncertain(error) && attempt >= 5) throw error;
        // The answer may be all that was lost: when our version is there at the next look, it was us.
        mayHavePublished = true;
        await pause(attempt > 4 ? 4 : attempt, signal);
      }
    }
  } finally {
    // What is left of a copy that was not completed costs room only; the collector sweeps what this misses.
    await way.discard().catch(() => {});
  }
  const why = `other versions of ${bucket.uriOf(stableKey)} came between ${lostRaces} times`;
  throw new IrokoError("STORE_FAILED", `Version ${version.version} could not be published: ${why}.`, {
    hint: "Does something else write there all the time?",
  });
}

/** What to do about the stable object that is there. */
function judge(
  there: HeadObjectCommandOutput | undefined,
  publication: Publication,
  staged: HeadObjectCommandOutput,
  evenOver: string | undefined,
): "publish" | Published["outcome"] {
  const version = publishedVersionOf(there?.Metadata);
  if (version === undefined) return "publish";
  const order = compareVersions(version, publication.version);
  if (order > 0) return there?.ETag === evenOver ? "publish" : "newerThere";
  return order === 0 && isCopyOf(there, publication.stagedKey) && there?.ContentLength === staged.ContentLength
    ? "alreadyCurrent"
    : "publish";
}

function conditionOn(there: HeadObjectCommandOutput | undefined): Condition {
  return there?.ETag === undefined ? { IfNoneMatch: "*" } : { IfMatch: there.ETag };
}

// Metadata are HTTP headers: ASCII only.
function metadataOf({ version, stagedKey }: Publication, sha256: string | undefined): Record<string, string> {
  return {
    "iroko-incarnation": String(version.incarnation),
    "iroko-version": String(version.version),
    "iroko-staged": encodeURIComponent(stagedKey),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

export function publishedVersionOf(
  metadata: Readonly<Record<string, string>> | undefined,
): PublishedVersion | undefined {
  const [incarnation, version] = [metadata?.["iroko-incarnation"], metadata?.["iroko-version"]].map((text) =>
    text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined,
  );
  return incarnation === undefined || version === undefined ? undefined : { incarnation, version };
}

export function isCopyOf(there: HeadObjectCommandOutput | undefined, stagedKey: string): boolean {
  return there?.Metadata?.["iroko-staged"] === encodeURIComponent(stagedKey);
}
