import { cron } from "./cron.ts";
import { partitionMappings } from "./partition-mappings.ts";
import { planning } from "./planning.ts";
import { retryBackoff } from "./retry-backoff.ts";
import { selection } from "./selection.ts";
import { staleness } from "./staleness.ts";
import { timePartitions } from "./time-partitions.ts";
import type { Topic } from "./topic.ts";

export const topics: readonly Topic[] = [
  cron,
  timePartitions,
  partitionMappings,
  selection,
  staleness,
  retryBackoff,
  planning,
];

/** Topics of which there are vectors, and nothing yet that could be asked. */
export const topicsToCome: Readonly<Record<string, string>> = {
  automation: "automation conditions are not built yet",
};
