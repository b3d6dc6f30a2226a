/** The columns of a table. */
import { z } from "zod";
import type { Column } from "../definitions/table-schema.ts";
import { number, text, texts } from "./values.ts";

const columnType: z.ZodType<Column["type"]> = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["text", "boolean", "timestamp", "date", "json", "bytes"]) }),
  z.object({
    kind: z.literal("integer"),
    bits: z.union([z.literal(8), z.literal(16), z.literal(32), z.literal(64)]),
    as: z.literal("bigint").exactOptional(),
  }),
  z.object({ kind: z.literal("float"), bits: z.union([z.literal(32), z.literal(64)]) }),
  z.object({ kind: z.literal("decimal"), precision: number, scale: number }),
]);
const bound = z.object({ value: text, inclusive: z.boolean() });

export const column: z.ZodType<Column> = z
  .object({
    name: text,
    type: columnType,
    nullable: z.boolean(),
    sensitive: z.boolean(),
    description: text.exactOptional(),
    enum: texts.exactOptional(),
    minimum: bound.exactOptional(),
    maximum: bound.exactOptional(),
    minLength: number.exactOptional(),
    maxLength: number.exactOptional(),
    pattern: text.exactOptional(),
  })
  .meta({ id: "Column" });
