/** Lists are all alike: a page is `{ items, cursor }`, and its cursor is what the next page comes after. */
import { z } from "zod";
import type { ListOperation, PageSize, Role } from "./operation.ts";
import { integerOf } from "./values.ts";

export interface ListOptions<Input, Item> {
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  /** Of the input, `limit` and `after` left out. */
  readonly input: { readonly [Name in keyof Input]-?: z.ZodType<Input[Name]> };
  readonly item: z.ZodType<Item>;
  readonly page: PageSize;
  /** What a cursor looks like; by default any text. */
  readonly cursor?: z.ZodType<string>;
}

/** A cursor of several values, as JSON. */
export function cursorOf(values: z.ZodType): z.ZodType<string> {
  return z
    .string()
    .max(2_000)
    .refine((text) => {
      try {
        return values.safeParse(JSON.parse(text, refuseNul)).success;
      } catch {
        return false;
      }
    }, "it is no cursor of this list");
}

/** It may be written so that only its reading shows it. */
function refuseNul(_: string, part: unknown): unknown {
  if (typeof part === "string" && part.includes("\0")) throw new Error("no text in Postgres can hold U+0000");
  return part;
}

export function listOperation<Input, Item>(options: ListOptions<Input, Item>): ListOperation<Input, Item> {
  const { path, role, summary, input, item, page, cursor = z.string().max(1_000) } = options;
  const limit = integerOf(1, page.most).optional().describe(`Items on a page: ${page.normal}, unless told otherwise.`);
  const after = cursor.optional().describe("The cursor of the page before.");
  return {
    method: "GET",
    path,
    role,
    summary,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a schema for each property of Input is one of Input
    input: z.strictObject({ ...input, limit, after }) as unknown as ListOperation<Input, Item>["input"],
    answer: z.object({
      items: z.array(item),
      cursor: z.string().nullable().describe("What the next page takes as after; null on the last one."),
    }),
    page,
  };
}
