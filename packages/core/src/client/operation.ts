/**
 * What an operation of the HTTP API is: one value from which the server's route, its place in the table of roles, the
 * OpenAPI document and the client's method are all made. None of them can then say something else than the others.
 */
import type { z } from "zod";

/** Each may do what the one before it may. */
export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

export interface Operation<Input = unknown, Answer = unknown> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Under /api/v1; names of the input in braces: `/runs/{id}`. What else the input holds is the query of a GET, else the body. */
  readonly path: string;
  /** The least role that may. */
  readonly role: Role;
  /** One line, as the documentation lists it. */
  readonly summary: string;
  readonly input: z.ZodType<Input>;
  readonly answer: z.ZodType<Answer>;
  /** Of a list: a page's items where none are asked for, and at most. Its input takes `limit` and `after` besides. */
  readonly page?: PageSize;
  /** Where something has been made. */
  readonly status?: 201;
  /** Of a change: done twice it is as done once, so it may be sent again when nobody knows whether it arrived. */
  readonly repeatable?: true;
  /** Instead of one JSON value: messages, each of which is as `answer` says. */
  readonly content?: "text/event-stream";
}

export interface PageSize {
  readonly normal: number;
  readonly most: number;
}

/** What a list takes, besides its own input. */
export interface PageInput {
  readonly limit?: number | undefined;
  /** The `cursor` of the page before. */
  readonly after?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** What the next page takes as `after`; null on the last one. */
  readonly cursor: string | null;
}

export type ListOperation<Input, Item> = Operation<Input & PageInput, Page<Item>> & { readonly page: PageSize };

export const apiRoot = "/api/v1";

/** The names in an operation's path, in their order. */
export function pathNames({ path }: Pick<Operation, "path">): readonly string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name!);
}
