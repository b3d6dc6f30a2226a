/** What inputs and answers of several resources hold. Instants are ISO texts, sets of partitions their text form. */
import { z } from "zod";
import type { Json, Metadata, MetadataValue } from "../definitions/metadata.ts";
import type { ErrorRecord } from "../errors.ts";

// Inputs. A query is text: numbers and booleans are read from it.

/** A part of a path: what it names may be missing, which is an answer and not a mistake of form. */
export const name: z.ZodType<string> = z.string().min(1).max(500);
/** Of a query or a path: digits. JavaScript takes "", "1e3" and "0x1" for numbers, too, and Postgres counts no further than `most`. */
export function integerOf(least: number, most: number = 2 ** 31 - 1): z.ZodType<number> {
  return z
    .preprocess(
      (given) => (typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given),
      z.int().min(least).max(most),
    )
    .meta({ type: "integer", minimum: least, maximum: most });
}
export const wholeNumber: z.ZodType<number> = integerOf(0);
export const flag: z.ZodType<boolean> = z
  .union([z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"] })])
  .meta({ anyOf: undefined, type: "boolean" });
/** ISO 8601, with its offset from UTC, in years that Postgres has. */
export const moment: z.ZodType<string> = z.iso.datetime({ offset: true }).regex(/^(?!0000)/);
/** In the selection grammar. */
export const selection: z.ZodType<string> = z.string().min(1).max(4_000).describe("In the selection grammar.");
/** A set of partitions in the text form. */
export const partitionsText: z.ZodType<string> = z
  .string()
  .min(1)
  .max(20_000)
  .describe("Partitions in the text form: 2026-11-01..2026-11-30, last:7, missing.");
/** One partition's key; left out where the asset has none. */
export const partitionKey: z.ZodType<string> = z.string().max(1_000).describe("One partition's key.");
export const password: z.ZodType<string> = z.string().min(1).max(1_000);
export const nothing: z.ZodType<Nothing> = z.strictObject({});
export type Nothing = Readonly<Record<string, never>>;

// Answers.

/** ISO 8601 in UTC. */
export const instant: z.ZodType<string> = z.string().meta({ format: "date-time" });
export const number: z.ZodType<number> = z.number();
export const text: z.ZodType<string> = z.string();
export const texts: z.ZodType<readonly string[]> = z.array(z.string());
export const tags: z.ZodType<Readonly<Record<string, string>>> = z.record(z.string(), z.string());
export const json: z.ZodType<Json> = z.unknown() as z.ZodType<Json>;

const typed = <Type extends MetadataValue["type"], Value extends z.ZodType>(type: Type, value: Value) =>
  z.object({ type: z.literal(type), value });

export const metadataValue: z.ZodType<MetadataValue> = z
  .discriminatedUnion("type", [
    typed("int", z.number()),
    typed("decimal", z.string()),
    typed("float", z.number()),
    typed("boolean", z.boolean()),
    typed("text", z.string()),
    typed("url", z.string()),
    typed("path", z.string()),
    typed("markdown", z.string()),
    typed("json", json),
    z.object({ type: z.literal("table"), columns: z.array(z.string()), rows: z.array(z.array(json)) }),
    typed("bytes", z.number()),
    typed("duration", z.number()),
    typed("timestamp", z.string()),
    z.object({
      type: z.literal("tableSchema"),
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
    }),
  ])
  .meta({ id: "MetadataValue" });
export const metadata: z.ZodType<Metadata> = z.record(z.string(), metadataValue);

export const errorRecord: z.ZodType<ErrorRecord> = z
  .object({
    code: z.string(),
    message: z.string(),
    hint: z.string().exactOptional(),
    place: z
      .object({
        file: z.string().exactOptional(),
        line: z.number().exactOptional(),
        column: z.number().exactOptional(),
        subject: z.string().exactOptional(),
      })
      .exactOptional(),
    details: z.record(z.string(), z.unknown()).exactOptional(),
    stack: z.string().exactOptional(),
  })
  .meta({ id: "Error" });
