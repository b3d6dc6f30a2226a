/** The public API of @iroko/core/client: the HTTP API as a contract, and a client made of it. Nothing here needs Node. */
export {
  openClient,
  type CallOptions,
  type Client,
  type ClientOptions,
  type Listing,
  type Method,
} from "./open-client.ts";
export type { FollowedMessage, FollowOptions } from "./follow.ts";
export { api, operationsByName } from "./api.ts";
export {
  apiRoot,
  pathNames,
  roles,
  type ListOperation,
  type Operation,
  type Page,
  type PageInput,
  type PageSize,
  type Role,
} from "./operation.ts";
export { errorRecord } from "./values.ts";
export { stream, streamPosition, type StreamHello, type StreamInput, type StreamMessage } from "./stream.ts";
export type * from "./access.ts";
export type * from "./asset-data.ts";
export type * from "./asset-detail.ts";
export type * from "./asset-partitions.ts";
export type * from "./assets.ts";
export type * from "./attempts.ts";
export type * from "./configs.ts";
export type * from "./dynamic-partitions.ts";
export type * from "./events.ts";
export type * from "./explained.ts";
export type * from "./home.ts";
export type * from "./instance.ts";
export type * from "./lineage.ts";
export type * from "./partition-grid.ts";
export type * from "./plans.ts";
export type * from "./run-groups.ts";
export type * from "./run.ts";
export type * from "./runs.ts";
export type * from "./schedules.ts";
export type * from "./session.ts";
export type * from "./step-outputs.ts";
export type * from "./step.ts";
