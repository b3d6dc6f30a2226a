/** The whole HTTP API, by resource. Server, documentation and client are made of it. */
import { audit, tokens, users } from "./access.ts";
import { assetData } from "./asset-data.ts";
import { assets } from "./assets.ts";
import { configs } from "./configs.ts";
import { dynamicPartitions } from "./dynamic-partitions.ts";
import { home } from "./home.ts";
import { instance } from "./instance.ts";
import { lineage } from "./lineage.ts";
import type { Operation } from "./operation.ts";
import { plans } from "./plans.ts";
import { runs } from "./runs.ts";
import { schedules } from "./schedules.ts";
import { session } from "./session.ts";
import { stream } from "./stream.ts";

export const api: {
  readonly home: typeof home;
  readonly instance: typeof instance;
  readonly lineage: typeof lineage;
  readonly assets: typeof assets & typeof assetData;
  readonly configs: typeof configs;
  readonly dynamicPartitions: typeof dynamicPartitions;
  readonly plans: typeof plans;
  readonly runs: typeof runs;
  readonly schedules: typeof schedules;
  readonly session: typeof session;
  readonly users: typeof users;
  readonly tokens: typeof tokens;
  readonly audit: typeof audit;
} = {
  home,
  instance,
  lineage,
  assets: { ...assets, ...assetData },
  configs,
  dynamicPartitions,
  plans,
  runs,
  schedules,
  session,
  users,
  tokens,
  audit,
};

/** Every operation by its name, `runs.get`; the stream is `events`. */
export function operationsByName(): ReadonlyMap<string, Operation> {
  const named = Object.entries(api).flatMap(([resource, operations]) =>
    Object.entries(operations).map(([verb, operation]): [string, Operation] => [`${resource}.${verb}`, operation]),
  );
  return new Map([...named, ["events", stream]]);
}
