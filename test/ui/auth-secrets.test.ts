/**
 * Secrets never leave: they are planted wherever one comes by, then every answer, page, log line and table is searched for
 * them.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { apiRoot, operationsByName } from "@iroko/core/client";
import { listRuns } from "@iroko/core/engine";
import { bearer, origin, password, peopleOf, publicServer, type PublicServer } from "./public-server.ts";
import { sample, type Sample } from "./sample.ts";

const canary = (name: string): string => `canary-${name}-5eCr3t`;
const planted: Readonly<Record<string, string>> = {
  SHOP_PASSWORD: canary("password"),
  AWS_SECRET_ACCESS_KEY: canary("s3/key+"),
  WAREHOUSE_URL: `postgres://ada:${canary("address")}@db.example/shop`,
};
const signed = `https://b.s3/k?X-Amz-Credential=${canary("credential")}&X-Amz-Signature=${canary("signature")}`;

const module = `
  import { z } from "zod";
  import { asset, define, env, resource, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const shops = resource({ key: "shop", config: z.object({ password: z.string(), url: z.string() }), open: (config) => config });
  const shop = shops({ password: env("SHOP_PASSWORD"), url: env("WAREHOUSE_URL") });
  const schema = z.object({ n: z.int() });
  const told = (values) => [values.password, values.url, process.env.AWS_SECRET_ACCESS_KEY, ${JSON.stringify(signed)}].join(" ");
  export const tells = asset({
    key: "tells", schema, output: jsonLines("tells"), resources: { shop },
    materialize(ctx) {
      const all = told(ctx.resources.shop);
      console.log(all);
      console.error(JSON.stringify({ all }));
      process.stdout.write(ctx.resources.shop.password.slice(0, 9));
      process.stdout.write(ctx.resources.shop.password.slice(9) + "\\n");
      ctx.log.info(all, { all, authorization: "${canary("field")}" });
      return { data: [{ n: 1 }], metadata: { all: { type: "text", value: all }, api_key: { type: "text", value: "${canary("named")}" } } };
    },
    checks: [{ name: "says", kind: "own", severity: "warn", blocking: false, columns: [], history: 0, run: () => Promise.resolve({ passed: false, message: told({ password: process.env.SHOP_PASSWORD, url: process.env.WAREHOUSE_URL }) }) }],
  });
  export const fails = asset({
    key: "fails", schema, output: jsonLines("fails"), resources: { shop }, retry: retryPolicy({ maxRetries: 0 }),
    materialize(ctx) {
      throw Object.assign(new Error("cannot open " + told(ctx.resources.shop)), { cause: new Error(told(ctx.resources.shop)) });
    },
  });
  export const dies = asset({
    key: "dies", schema, output: jsonLines("dies"), resources: { shop }, retry: retryPolicy({ maxRetries: 0 }),
    materialize(ctx) {
      console.error("last words", told(ctx.resources.shop));
      process.exit(3);
    },
  });
  export default define({ assets: [tells, fails, dies] });
`;

let at: Sample;
let front: PublicServer;
let tokens: Awaited<ReturnType<typeof peopleOf>>;
const logged: string[] = [];
const say = (...parts: readonly unknown[]): void => void logged.push(JSON.stringify(parts));
const log = { debug: say, info: say, warn: say, error: say };

before(async () => {
  Object.assign(process.env, planted);
  at = await sample({ worker: false, module });
  await at.instance.startWorker({ log });
  tokens = await peopleOf(at.instance.db);
  front = await publicServer(at.instance.db, { log });
});
after(async () => {
  await front?.[Symbol.asyncDispose]();
  await at?.[Symbol.asyncDispose]();
  for (const name of Object.keys(planted)) delete process.env[name];
});

/** Nothing of these in it; that it was searched shows by what has to be in it. */
function assertClean(text: string, where: string): void {
  const forms = [/canary-\w+/, /5eCr3t/, /s3%2Fkey/, /four words, unrelated/, /four\+words/];
  for (const form of forms)
    assert.ok(
      !form.test(text),
      `${where}: ${form} in …${text.slice(Math.max(0, text.search(form) - 200)).slice(0, 400)}`,
    );
  for (const token of Object.values(tokens)) assert.ok(!text.includes(token.slice(19)), `${where}: a token's secret`);
}

test("no secret is in any answer, page, log, the audit or the database", { timeout: 180_000 }, async () => {
  const { instance } = at;
  const select = "tells or fails or dies";
  const headers = bearer(tokens.admin);
  for (const body of [{ select }, { select: "tells", password: canary("body") }])
    await front.ask("POST", "/api/v1/runs", { headers, body: JSON.stringify(body) });
  const session = await front.signIn("admin");
  await front.ask("POST", "/login", {
    headers: { origin, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ name: password, password: canary("typed") }).toString(),
  });
  await front.ask("GET", `/api/v1/runs?token=${tokens.admin}`);
  const [run] = await listRuns(instance.db, { limit: 1 });
  assert.ok(run);
  const progress = await instance.ended(run.id, 120);
  assert.equal(progress.status, "failed");

  // The database, table by table; bytes as text, too.
  const tables = await instance.db.query<{ name: string }>(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
      where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`,
  );
  let everything = "";
  for (const { name } of tables.rows) {
    const { rows } = await instance.db.query<{ text: string | null }>(
      `select string_agg(t::text, chr(10)) as text from ${name} t`,
    );
    const text = rows[0]?.text ?? "";
    assertClean(text, name);
    for (const secret of [canary("password"), password])
      assert.ok(!text.includes(Buffer.from(secret).toString("hex")), `${name}, as bytes`);
    everything += text;
  }
  for (const name of Object.keys(planted)) assert.ok(everything.includes(`[secret ${name}]`), name);
  assert.match(everything, /last words/);

  // Every operation that reads, of what there is, and every page.
  const ids: Readonly<Record<string, string>> = {
    id: run.id,
    run: run.id,
    key: "tells",
    asset: "tells",
    n: "0",
    location: "test",
  };
  const paths = [...operationsByName().values()]
    .filter(({ method, content }) => method === "GET" && content === undefined)
    .flatMap(({ path }) =>
      ["tells", "fails", "dies"].map(
        (asset) =>
          apiRoot + path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === "key" ? asset : (ids[name] ?? "0"))),
      ),
    );
  const pages = [
    "/",
    "/lineage",
    "/runs",
    `/runs/${run.id}`,
    "/schedules",
    "/assets/tells",
    "/assets/fails",
    "/assets/dies",
    "/nothing",
    "/logout",
  ];
  let answered = 0;
  for (const path of new Set([...paths, ...pages])) {
    const answer = await front.ask("GET", path, { headers: path.startsWith("/api") ? headers : session });
    assertClean(answer.body.replaceAll(session["x-iroko-csrf"]!, ""), path);
    assertClean(JSON.stringify({ ...answer.headers, "set-cookie": "" }), path);
    if (answer.status === 200) answered += 1;
  }
  assert.ok(answered >= 15, `${answered} answers`);
  for (let n = 0; n < 3; n++) {
    const { status, body } = await front.ask("GET", `/api/v1/runs/${run.id}/steps/${n}/logs`, { headers });
    assertClean(body, `log ${n}`);
    if (status === 200 && n === 0) assert.match(body, /secret|items/);
  }
  assertClean(logged.join("\n"), "the server's and the worker's log");
});
