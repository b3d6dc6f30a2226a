/**
 * Every request that changes something is told in the audit, in the transaction of the change, whichever route answers it:
 * what routes use of the database is this one's, and knows which request it works for.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { apiRoot, operationsByName, type Operation } from "@iroko/core/client";
import { audited, insertAudit, type AuditSubject, type Database } from "@iroko/core/engine";
import type { Context, MiddlewareHandler } from "hono";
import { callerOf, isSignedIn } from "./caller.ts";
import { forms } from "./form-page.ts";

const telling = new AsyncLocalStorage<Database | undefined>();

/** The same database; what a change does to it tells of it. */
export function auditedDatabase(db: Database): Database {
  return { ...db, transaction: (work) => (telling.getStore() ?? db).transaction(work) };
}

/** What a request writes before it changes anything: that it tries. */
export function untold<Result>(work: () => Promise<Result>): Promise<Result> {
  return telling.run(undefined, work);
}

export function auditChanges(db: Database): MiddlewareHandler {
  return async (c, next) => {
    const tellsOfItself = forms.has(c.req.path) && forms.get(c.req.path) === undefined;
    if (isRead(c) || !isSignedIn(c) || tellsOfItself) return next();
    const subject = await subjectOf(c);
    let failed: unknown;
    await audited(db, callerOf(c).actor, subject, async (changing) => {
      await telling.run(changing, next);
      // An error that a route has thrown is an answer by now.
      if (c.error !== undefined) throw (failed = c.error);
    }).catch((error: unknown) => {
      if (error !== failed) throw error;
    });
  };
}

/** Tells of a change that somebody may not make, or not so; its body is not read, so that only its path says what it was about. */
export async function auditRefusal(db: Database, c: Context, outcome: string): Promise<void> {
  if (!isSignedIn(c)) return;
  const { target, operation } = subjectFrom(c);
  // A database that is away cannot be told; the refusal stands.
  await insertAudit(db, callerOf(c).actor, { operation, target, outcome }).catch(() => {});
}

export const isRead = ({ req }: Context): boolean => req.method === "GET" || req.method === "HEAD";

const operations = [...operationsByName()].map(([name, operation]) => ({
  name,
  operation,
  path: new RegExp(`^${apiRoot}${operation.path.replaceAll(/\{\w+\}/g, "([^/]+)")}$`),
}));

/** Undefined where a route is no operation of the contract. */
export function operationAt(c: Context): Operation | undefined {
  return found(c)?.operation;
}

/** Methods that the contract has for a path. */
export function methodsAt(path: string): readonly Operation["method"][] {
  return operations.filter((each) => each.path.test(path)).map(({ operation }) => operation.method);
}

const found = ({ req }: Context) =>
  operations.find(({ operation, path }) => operation.method === req.method && path.test(req.path));

/** Fields of a body that say what is changed. No others: they may hold what nobody else may read. */
const telltale = ["name", "role", "slots", "location", "select", "partition", "partitions", "keys"];

async function subjectOf(c: Context): Promise<AuditSubject> {
  const body = parsed(await c.req.text());
  const inBody = telltale.flatMap((field) => {
    const value = body[field];
    if (typeof value === "number") return [`${value}`];
    return typeof value === "string" ? [value] : Array.isArray(value) ? [value.filter(isText).join(" ")] : [];
  });
  return subjectFrom(c, inBody);
}

function subjectFrom(c: Context, inBody: readonly string[] = []): AuditSubject {
  const known = found(c);
  const inPath = known?.path.exec(c.req.path)?.slice(1).map(decoded) ?? [];
  const target = [...inPath, ...inBody].join(" ");
  return {
    operation: known?.name ?? forms.get(c.req.path) ?? `${c.req.method} ${c.req.path}`,
    ...(target === "" ? {} : { target }),
  };
}

const isText = (value: unknown): value is string => typeof value === "string";

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // the route says so
  }
}
