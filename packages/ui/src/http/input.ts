/** Where `unknown` becomes a type: paths, queries and bodies are read by zod, strictly. */
import { IrokoError } from "@iroko/core";
import { pathNames, type Operation } from "@iroko/core/client";
import type { Context } from "hono";
import { z } from "zod";

/** @throws {IrokoError} REQUEST_INVALID */
export async function readInput<Input>(c: Context, operation: Operation<Input>): Promise<Input> {
  const names = pathNames(operation);
  const isRead = operation.method === "GET";
  const what = isRead ? "The query" : "The body";
  const query = queryOf(c);
  const [first] = Object.keys(query);
  if (!isRead && first !== undefined)
    throw invalid(`A change takes nothing in its address, and there is "${first}".`, "Send it in the body.");
  const given = isRead ? query : await bodyOf(c);
  const twice = names.find((name) => Object.hasOwn(given, name));
  if (twice !== undefined) throw invalid(`${what} names "${twice}", which stands in the path.`, "Leave it out.");
  const path = Object.fromEntries(names.map((name) => [name, c.req.param(name)]));
  Object.values(path).forEach(refuseNul);
  return parse(what, operation, { ...given, ...path });
}

async function bodyOf(c: Context): Promise<object> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text, (key, part: unknown) => (refuseProto(key), refuseNul(part), part));
  } catch (error) {
    if (error instanceof IrokoError) throw error;
    throw invalid("The body is not JSON.", "Send one JSON object.", error);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw invalid("The body is not a JSON object.", "Send one JSON object.");
}

function queryOf(c: Context): Readonly<Record<string, string>> {
  const query = new URL(c.req.url).searchParams;
  for (const name of query.keys()) {
    refuseProto(name);
    query.getAll(name).forEach(refuseNul);
    if (query.getAll(name).length > 1) throw invalid(`The query names "${name}" twice.`, "Name it once.");
  }
  return Object.fromEntries(query);
}

function parse<Input>(what: string, { input, path }: Operation<Input>, value: unknown): Input {
  const result = input.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`,
  );
  const names = pathNames({ path });
  const fields = input instanceof z.ZodObject ? Object.keys(input.shape).filter((name) => !names.includes(name)) : [];
  throw invalid(
    `${what} is not as it should be: ${issues.join("; ")}.`,
    fields.length === 0 ? "Here it holds nothing." : `It takes: ${fields.join(", ")}.`,
  );
}

/** Such a key would change what an object inherits, once copied. */
function refuseProto(key: string): void {
  if (key === "__proto__") throw invalid('The request has a field "__proto__".', "Leave it out.");
}

/** No text in Postgres can hold one, and nothing that there is has one in its name. */
function refuseNul(part: unknown): void {
  if (typeof part === "string" && part.includes("\0"))
    throw invalid("The request holds the character U+0000.", "Leave it out.");
}

function invalid(message: string, hint: string, cause?: unknown): IrokoError {
  return new IrokoError("REQUEST_INVALID", message, { hint, ...(cause === undefined ? {} : { cause }) });
}
