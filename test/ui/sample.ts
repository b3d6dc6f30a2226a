/** A small instance behind a server: made, missing and failed partitions, text that would like to be markup, a schedule. */
import { request } from "node:http";
import { openStore } from "@iroko/assets";
import type { DataReader } from "@iroko/core/engine";
import { startServer, type RunningServer, type ServerOptions } from "@iroko/ui";
import { testInstance, type TestInstance } from "../support/test-instance.ts";

export const evil = `<script>globalThis.pwned = 1</script><img src=x onerror="globalThis.pwned=1">`;

const definitions = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, assetCheck, daily, define, externalAsset, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ day: z.string(), n: z.int().min(0) });
  const evil = ${JSON.stringify(evil)};
  const here = (name) => new URL(name, import.meta.url);
  export const till = externalAsset({ key: "shop/till", group: "sources", description: evil });
  export const raw = asset({
    key: "raw_sales", group: "ingestion", partitions: days, schema, output: jsonLines("raw"), description: evil,
    materialize(ctx) {
      console.log("reading", ctx.partition.key, evil);
      console.error("a warning");
      return { data: [{ day: ctx.partition.key, n: 1 }], metadata: { note: { type: "text", value: evil }, link: { type: "url", value: "javascript:alert(1)" }, count: { type: "int", value: 12345 } } };
    },
  });
  export const cleaned = asset({
    key: "cleaned_sales", group: "transform", partitions: days, schema, output: jsonLines("cleaned"), deps: { raw },
    retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01, capSeconds: 0.02 }),
    materialize(ctx) {
      if (ctx.partition.key === "2026-11-02") throw new Error("no amount " + evil);
      return [{ day: ctx.partition.key, n: 1 }];
    },
  });
  export const slow = asset({
    key: "slow", schema, output: jsonLines("slow"),
    async materialize(ctx) {
      while (!existsSync(here("go")) && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      return [{ day: "", n: 1 }];
    },
  });
  const nightly = job({ key: "daily_sales", select: "+cleaned_sales" });
  export default define({
    assets: [till, raw, cleaned, slow], jobs: [nightly],
    schedules: [schedule({ key: "nightly", job: nightly, cron: "0 2 * * *", timezone: "Africa/Lagos" })],
  });
`;

export interface Sample extends AsyncDisposable {
  readonly instance: TestInstance;
  readonly server: RunningServer;
  readonly url: string;
  /** GET, as the page's own script would. */
  get(path: string): Promise<Response>;
  /** POST of JSON, as the page's own script would. */
  post(path: string, body?: unknown): Promise<Response>;
}

/** At 10:00 UTC on 2026-11-06 five days have ended. */
export const now = Temporal.Instant.from("2026-11-06T10:00:00Z");

export async function sample({
  worker = true,
  module = definitions,
  dataReader,
  stream = {},
}: {
  readonly worker?: boolean;
  readonly module?: string;
  readonly dataReader?: DataReader;
  readonly stream?: NonNullable<ServerOptions["stream"]>;
} = {}): Promise<Sample> {
  const instance = await testInstance({ "iroko.config.ts": module });
  await instance.deploy();
  if (worker) await instance.startWorker();
  const server = await startServer({
    instance: { db: instance.db },
    port: 0,
    openStore: () => openStore(instance.project.file("store")),
    storeUri: instance.project.file("store"),
    ...(dataReader === undefined ? {} : { dataReader }),
    checkAnswers: true,
    stream,
    now: () => now,
  });
  const { url } = server;
  return {
    instance,
    server,
    url,
    get: (path) => fetch(url + path),
    post: (path, body = {}) =>
      fetch(url + path, {
        method: "POST",
        headers: { origin: url, "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await instance[Symbol.asyncDispose]();
    },
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with any header at all: `fetch` would not send a false Host. */
export async function rawRequest(
  url: string,
  options: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  },
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const call = request(
    {
      hostname,
      port,
      method: options.method ?? "GET",
      path: options.path ?? "/",
      setHost: false,
      // Node frames the body of a POST only, unless it is told the length.
      headers: { host, "content-length": `${Buffer.byteLength(options.body ?? "")}`, ...options.headers },
    },
    (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    },
  );
  call.on("error", reject);
  call.end(options.body);
  return promise;
}

/** Reads JSON; the type is the test's word for it. */
export async function json<Value>(answer: Response): Promise<Value> {
  return (await answer.json()) as Value;
}

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}
