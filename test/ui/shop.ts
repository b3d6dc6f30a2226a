/**
 * The example's POS pipeline, on a real instance behind a server: a buffer of some days, a worker, a browser's address. One more
 * asset, `books`, waits in its step until the office has said how far it is: tests look at a run that is under way.
 */
import { globSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataReader, openStore } from "@iroko/assets";
import type { Worker } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { generate } from "../../examples/pos-pipeline/src/generate.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";

export interface Shop extends AsyncDisposable {
  readonly instance: TestInstance;
  readonly url: string;
  startWorker(): Promise<Worker>;
  /** The office is done with the books up to this page, of `lastPage`; a blot on the next makes the step fail. */
  books(page: number, next?: "blot"): void;
}

export const lastPage = 30;

export interface ShopOptions {
  /** Days of November 2026 that have ended. */
  readonly days?: number;
  readonly recordsPerDay?: number;
  readonly worker?: boolean;
  /** The server's clock. Default: ten in the morning, the days having ended. */
  readonly now?: () => Temporal.Instant;
}

const example = join(import.meta.dirname, "../../examples/pos-pipeline");
const config = `
  import { readFileSync } from "node:fs";
  import { asset, define, job, retryPolicy, schedule } from "@iroko/core";
  import { cleaned } from "./src/cleaned.ts";
  import { deliveries, landing } from "./src/landing.ts";
  import { merchants, merchantsFile } from "./src/merchants.ts";
  import { revenue } from "./src/revenue.ts";
  const pages = () => readFileSync(new URL("pages", import.meta.url), "utf8");
  const books = asset({
    key: "books", group: "analytics", description: "What the office writes by hand.", retry: retryPolicy({ maxRetries: 0 }),
    async materialize(ctx) {
      for (let page = 1; page <= ${lastPage}; page += 1) {
        while (parseInt(pages()) < page) {
          ctx.signal.throwIfAborted();
          if (pages().endsWith("blot")) throw new Error("page " + page + " of the books has a blot");
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        console.log("page " + page + " of the books");
      }
    },
  });
  const dailyPosPipeline = job({ key: "daily_pos_pipeline", select: "not books" });
  const nightly = schedule({ key: "nightly", job: dailyPosPipeline, cron: "0 2 * * *", timezone: "Africa/Lagos" });
  export default define({
    assets: [deliveries, landing, merchantsFile, merchants, cleaned, revenue, books],
    jobs: [dailyPosPipeline], schedules: [nightly],
  });
`;

export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const { days = 7, recordsPerDay = 40, worker = true, now = () => morningAfter(days) } = options;
  const sources = Object.fromEntries(
    globSync("src/*.ts", { cwd: example }).map((name) => [name, readFileSync(join(example, name), "utf8")]),
  );
  delete sources["src/generate.ts"];
  const instance = await testInstance({ ...sources, "iroko.config.ts": config, pages: "0" });
  const files = generate({ out: instance.project.file("data"), days, recordsPerDay, merchants: 30 });
  // What a worker's processes find in their environment.
  process.env["POS_BUFFER"] = files.buffer;
  process.env["POS_MERCHANTS"] = files.merchants;
  await instance.deploy();
  const startWorker = (): Promise<Worker> => instance.startWorker();
  if (worker) await startWorker();
  const server = await startServer({
    instance: { db: instance.db },
    port: 0,
    openStore: () => openStore(instance.project.file("store")),
    storeUri: instance.project.file("store"),
    dataReader: dataReader(),
    checkAnswers: true,
    now,
  });
  return {
    instance,
    url: server.url,
    startWorker,
    books(page, next) {
      const draft = instance.project.file("pages.new");
      writeFileSync(draft, `${page}${next === undefined ? "" : ` ${next}`}`);
      renameSync(draft, instance.project.file("pages")); // never read half written
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await instance[Symbol.asyncDispose]();
    },
  };
}

function morningAfter(days: number): Temporal.Instant {
  const day = Temporal.PlainDate.from("2026-11-01").add({ days });
  return day.toZonedDateTime({ timeZone: "Africa/Lagos", plainTime: "10:00" }).toInstant();
}
