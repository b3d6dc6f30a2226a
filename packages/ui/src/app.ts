/** All routes of an instance: the guard before everything, the API under /api/v1, the page, its own files. */
import type { Logger } from "@iroko/core";
import { IrokoError } from "@iroko/core";
import { apiRoot } from "@iroko/core/client";
import { openStandings, readMoment, redactorOf, type Database, type DataReader, type Store } from "@iroko/core/engine";
import { Hono, type HonoRequest } from "hono";
import { accessApi } from "./api/access.ts";
import { assetDataApi } from "./api/asset-data.ts";
import { assetsApi } from "./api/assets.ts";
import { configsApi } from "./api/configs.ts";
import { dynamicPartitionsApi } from "./api/dynamic-partitions.ts";
import { homeApi } from "./api/home.ts";
import { instanceApi } from "./api/instance.ts";
import { lineageApi } from "./api/lineage.ts";
import { logsApi } from "./api/logs.ts";
import { plansApi } from "./api/plans.ts";
import { runsApi } from "./api/runs.ts";
import { schedulesApi } from "./api/schedules.ts";
import { sessionApi } from "./api/session.ts";
import { stepsApi } from "./api/steps.ts";
import { streamApi, type StreamOptions } from "./api/stream.ts";
import { accountPages } from "./auth/account-page.ts";
import { auditChanges, auditedDatabase, methodsAt } from "./auth/audit-changes.ts";
import { authenticate } from "./auth/authenticate.ts";
import type { Exposure } from "./auth/exposure.ts";
import { loginPages, signInPage } from "./auth/login-page.ts";
import { livenessPath } from "./auth/open-routes.ts";
import { answers, streams } from "./http/answer.ts";
import { countedDatabase, countQueries } from "./http/count-queries.ts";
import { failureJson, failureOf, failureText } from "./http/failure.ts";
import { guard, guardChanges } from "./http/guard.ts";
import { missingPages } from "./http/missing-pages.ts";
import { openApiPage } from "./http/openapi-page.ts";
import { pageDocument, pageFiles } from "./http/page-files.ts";
import { tellsAtFirst } from "./http/told-at-first.ts";
import { definitionsIn, openCatalog } from "./model/catalog.ts";
import type { Instance } from "./model/instance.ts";

export interface AppOptions {
  readonly db: Database;
  readonly now: () => Temporal.Instant;
  readonly store?: "local" | "remote" | undefined;
  readonly openStore?: (() => Promise<Store>) | undefined;
  readonly storeUri?: string | undefined;
  readonly dataReader?: DataReader | undefined;
  readonly log?: Logger | undefined;
  /** Who can reach it; by default this machine alone. */
  readonly exposure?: Exposure | undefined;
  /** See `answers`. */
  readonly checkAnswers?: boolean | undefined;
  readonly stream?: StreamOptions | undefined;
}

export function makeApp({
  db: uncounted,
  now,
  store,
  openStore,
  storeUri,
  dataReader,
  log,
  checkAnswers,
  stream,
  exposure = { kind: "loopback" },
}: AppOptions): Hono {
  const counted = countedDatabase(uncounted);
  const db = auditedDatabase(counted);
  const catalog = openCatalog(db);
  const instance: Instance = {
    db,
    now,
    store,
    openStore,
    storeUri,
    dataReader,
    catalog,
    standings: openStandings(db),
    moment: async (known) => readMoment(db, definitionsIn(known ?? (await catalog())), now()),
  };
  const app = new Hono();
  app.use(countQueries);
  app.use(guard(exposure), authenticate(db, exposure), guardChanges(counted, exposure), auditChanges(counted));
  app.get(livenessPath, (c) => c.text("ok"));
  app.route("/", loginPages(db, exposure));
  app.route("/", accountPages(db, exposure));

  const routes = new Hono();
  const answer = answers(routes, { checkAnswers });
  streamApi(streams(routes), instance, stream);
  for (const resource of [
    homeApi,
    instanceApi,
    lineageApi,
    assetsApi,
    assetDataApi,
    configsApi,
    dynamicPartitionsApi,
    plansApi,
    runsApi,
    stepsApi,
    logsApi,
    schedulesApi,
    sessionApi,
    accessApi,
  ])
    resource(answer, instance);
  app.route(apiRoot, routes);
  openApiPage(app);
  missingPages(app, instance);
  pageFiles(app, tellsAtFirst(app, db));

  app.notFound((c) => {
    const methods = methodsAt(c.req.path);
    c.error = methods.length === 0 ? nothingAt(c.req) : notAllowed(c.req, methods);
    if (methods.length > 0) c.header("allow", allowing(methods).join(", "));
    const failure = failureOf(c.error);
    return isApi(c.req.path) || c.req.method !== "GET" ? failureJson(c, failure) : pageDocument(c, 404);
  });
  app.onError((error, c) => {
    const failure = failureOf(error);
    if (failure.retryAfterSeconds !== undefined) c.header("retry-after", `${failure.retryAfterSeconds}`);
    if (failure.status === 401) {
      c.header("www-authenticate", 'Bearer realm="iroko"');
      if (!isApi(c.req.path) && c.req.method === "GET") return signInPage(c, failure);
    }
    if (failure.status === 500)
      log?.error("a request failed", { path: c.req.path, error: redactorOf(process.env).text(String(error.stack)) });
    return isApi(c.req.path) || c.req.method !== "GET" ? failureJson(c, failure) : failureText(c, failure);
  });
  return app;
}

function nothingAt({ method, path }: HonoRequest): IrokoError {
  return new IrokoError("NOT_FOUND", `There is nothing at ${method} ${path}.`, {
    hint: "The page's start is at /, the API under /api/v1.",
  });
}

function notAllowed({ method, path }: HonoRequest, methods: readonly string[]): IrokoError {
  return new IrokoError("METHOD_NOT_ALLOWED", `${path} does not take ${method}.`, {
    hint: `It takes ${allowing(methods).join(" and ")}; see /api.`,
  });
}

const allowing = (methods: readonly string[]): readonly string[] =>
  methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));

const isApi = (path: string): boolean => path.startsWith("/api/");
