/** A server that others can reach: nobody gets anything without signing in, and each role what its operations say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiRoot, operationsByName, type Operation } from "@iroko/core/client";
import { listAudit } from "@iroko/core/engine";
import { makeApp } from "../../packages/ui/src/app.ts";
import { openRoutes } from "../../packages/ui/src/auth/open-routes.ts";
import { bearer, origin, roleNames, publicSite } from "./public-server.ts";
import type { ErrorBody, RawAnswer } from "./sample.ts";

const site = publicSite();

const errorOf = ({ body }: RawAnswer) => (JSON.parse(body) as ErrorBody).error;
/** With something in place of each name. */
const filled = (path: string): string =>
  path.replaceAll(/:\w+\{[^}]*\}+|\{\w+\}|:\w+/g, (name) => (name.includes(".") ? "x.js" : "x"));

test("every route that the router knows is a 401 without credentials, except an exact list", async () => {
  const app = makeApp({
    db: site.at.instance.db,
    now: () => Temporal.Now.instant(),
    exposure: { kind: "public", origin, behindProxy: true },
  });
  const routes = app.routes.filter(({ method }) => method !== "ALL");
  assert.ok(routes.length > 30, `${routes.length} routes`);
  const open = new Set<string>();
  for (const { method, path } of routes) {
    const route = `${method} ${filled(path)}`;
    const { status } = await site.front.ask(method, filled(path), {
      headers: { origin, "content-type": "application/json" },
    });
    if (status === 401) continue;
    open.add(route);
  }
  assert.deepEqual([...open].toSorted(), [...openRoutes].toSorted());
  for (const path of ["/nothing", "/api/v1/nothing", "/api", "/files/x.js", "/metrics", "/.env", "/health", "/ready"])
    assert.equal((await site.front.ask("GET", path)).status, 401, path);
});

test("what looks like an open path is not one: suffixes, encodings, slashes, parameters, case, dots", async () => {
  const allowed = new Map<string, string>();
  for (const route of openRoutes.filter((route) => route.startsWith("GET"))) {
    const path = route.slice(4);
    allowed.set(path, (await site.front.ask("GET", path)).body);
  }
  const bodies = new Set(allowed.values());
  const secret = "/api/v1/assets";
  const tried = [...allowed.keys()].flatMap((path) => [
    `${path}/`,
    `${path}//`,
    `/${path}`,
    `//x${path}`,
    `${path}%2f`,
    `${path}%2F..%2fapi%2fv1%2fassets`,
    `${path}/..${secret}`,
    `${path}/%2e%2e${secret}`,
    `${path}/..;${secret}`,
    `${path};x=1`,
    `${path};${secret}`,
    `${path}%00`,
    `${path}%20`,
    `${path}.`,
    `${path}..`,
    `${path}.json`,
    `${path}\\..${secret}`,
    path.toUpperCase(),
    `${path[0]}${path[1]!.toUpperCase()}${path.slice(2)}`,
    `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}x`,
    `${secret}${path}`,
    `${secret}/..${path}/x`,
    `${secret}?${path}`,
    `${secret}#${path}`,
    `${secret}/%2e%2e/%2e%2e/%2e%2e${path}/`,
    `http://iroko.example${secret}`,
    `http://iroko.example${path}/`,
    `x${path}`,
  ]);
  for (const path of tried) {
    const { status, body } = await site.front.ask("GET", path);
    // A path that the URL's own rules make an open one is that one, and nothing more.
    const isOpen = status === 200 && bodies.has(body);
    assert.ok(status === 401 || status === 400 || isOpen, `${path}: ${status}`);
    assert.doesNotMatch(body, /raw_sales/);
  }
});

test("other methods, upgrades and odd headers open nothing", async () => {
  for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE", "HEAD", "POST"]) {
    for (const path of ["/api/v1/assets", "/", "/livez", "/login", "/style.css"]) {
      const route = `${method === "HEAD" ? "GET" : method} ${path}`;
      const { status } = await site.front.ask(method, path, {
        headers: { origin, "content-type": "application/json" },
      });
      if (!openRoutes.includes(route)) assert.ok([400, 401].includes(status), `${method} ${path}: ${status}`);
    }
  }
  for (const headers of [
    { upgrade: "websocket", connection: "Upgrade", "sec-websocket-key": "x", "sec-websocket-version": "13" },
    { "x-original-url": "/livez", "x-rewrite-url": "/livez" },
    { "x-http-method-override": "GET", "x-forwarded-host": "127.0.0.1", "x-forwarded-prefix": "/login" },
    { authorization: "Basic YWRtaW46YWRtaW4=" },
    { authorization: "Bearer" },
    { authorization: `Bearer ${site.tokens.admin}x` },
    { cookie: "__Host-iroko=" + "A".repeat(43) },
    { cookie: "iroko=x; __Host-iroko=x" },
  ] as Record<string, string>[]) {
    const { status } = await site.front.ask("GET", "/api/v1/assets", { headers });
    assert.equal(status, 401, JSON.stringify(headers));
  }
});

async function ask(operation: Operation, token?: string): Promise<RawAnswer> {
  const headers = token === undefined ? { "content-type": "application/json" } : bearer(token);
  const body = operation.method === "GET" ? "" : "{}";
  return site.front.ask(operation.method, apiRoot + filled(operation.path), { headers: { origin, ...headers }, body });
}

for (const [name, operation] of operationsByName()) {
  test(`${name} is for ${operation.role}: 401 for nobody, 403 below it, and something else from there on`, async () => {
    const nobody = await ask(operation);
    assert.deepEqual([nobody.status, errorOf(nobody).code], [401, "SIGN_IN_NEEDED"]);
    assert.match(String(nobody.headers["www-authenticate"]), /^Bearer/);
    for (const role of roleNames) {
      const answer = await ask(operation, site.tokens[role]);
      if (roleNames.indexOf(role) >= roleNames.indexOf(operation.role)) {
        assert.ok(![401, 403, 500].includes(answer.status), `${role}: ${answer.status} ${answer.body}`);
        continue;
      }
      assert.deepEqual([answer.status, errorOf(answer).code], [403, "ROLE_NEEDED"], role);
      assert.match(
        errorOf(answer).message,
        new RegExp(`needs the role ${operation.role}\\. .*has the role ${role}\\.`),
      );
      if (operation.method === "GET") continue;
      const [row] = await listAudit(site.at.instance.db, 1);
      assert.deepEqual([row!.actor, row!.operation, row!.outcome], [role, name, "ROLE_NEEDED"], "the audit tells it");
    }
  });
}

test("a method that a path does not take is a 405 that names those it takes, and the audit tells that nothing was done", async () => {
  const byPath = Map.groupBy(operationsByName().values(), ({ path }) => path);
  // All methods of one path, and of each path one that changes something and one that does not: nobody may ask for more at once.
  const tried = [...byPath].flatMap(([path, operations]) => {
    const taken = operations.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    const methods = path === "/assets" ? ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"] : [];
    return ["GET", "PATCH", ...methods]
      .filter((method) => !taken.includes(method))
      .map((method) => [path, method, taken] as const);
  });
  assert.ok(tried.length > byPath.size);
  for (const [path, method, taken] of tried) {
    const answer = await site.front.ask(method, apiRoot + filled(path), {
      headers: { origin, ...bearer(site.tokens.operator) },
      body: "{}",
    });
    assert.deepEqual([answer.status, answer.headers["allow"]], [405, taken.join(", ")], `${method} ${path}`);
    assert.equal(errorOf(answer).code, "METHOD_NOT_ALLOWED");
    if (method === "GET") continue;
    const [row] = await listAudit(site.at.instance.db, 1);
    assert.deepEqual([row!.operation, row!.outcome], [`${method} ${apiRoot}${filled(path)}`, "METHOD_NOT_ALLOWED"]);
  }
});

test("a viewer changes nothing, by no route: what is no operation needs an operator, too", async () => {
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    const { status } = await site.front.ask(method, "/api/v1/nothing", {
      headers: bearer(site.tokens.viewer),
      body: "{}",
    });
    assert.equal(status, 403, method);
  }
});
