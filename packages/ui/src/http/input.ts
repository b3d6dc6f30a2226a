/** Where `unknown` becomes a type: bodies, queries and parameters are read by zod, strictly. */
import { IrokoError } from "@iroko/core";
import type { Context } from "hono";
import { z } from "zod";

export async function readBody<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text, refuseProto);
  } catch (error) {
    if (error instanceof IrokoError) throw error;
    throw new IrokoError("REQUEST_INVALID", "The body is not JSON.", { hint: "Send one JSON object.", cause: error });
  }
  return parse("The body", schema, value);
}

export function readQuery<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  return parse("The query", schema, c.req.query());
}

/** A page's size: as many as asked for, at most `most`. */
export const limit = (normal: number, most: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(1).max(most).default(normal);

function parse<Schema extends z.ZodType>(what: string, schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  const fields = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  throw new IrokoError("REQUEST_INVALID", `${what} is not as it should be: ${issues.join("; ")}.`, {
    hint: fields.length === 0 ? "Here it holds nothing." : `It takes: ${fields.join(", ")}.`,
  });
}

/** Such a key would change what an object inherits, once copied. */
function refuseProto(key: string, value: unknown): unknown {
  if (key !== "__proto__") return value;
  throw new IrokoError("REQUEST_INVALID", 'The body has a key "__proto__".', { hint: "Leave it out." });
}
