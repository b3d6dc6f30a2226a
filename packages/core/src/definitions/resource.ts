import type { z } from "zod";
import type { StepScope } from "./io-manager.ts";
import type { EnvReference, ResourceDefinition } from "./model.ts";

declare const openedType: unique symbol;

/** A configured resource: `Opened` is what `ctx.resources` holds. */
export interface Resource<Opened = unknown> extends ResourceDefinition {
  readonly [openedType]?: Opened;
}

export interface ResourceOptions<C extends z.ZodType, Opened> {
  readonly key: string;
  /** What `open` needs; checked when definitions load, environment references when the worker resolves them. */
  readonly config: C;
  /** Runs on first use within a step, in its child process; written `async`, before the step's own code. */
  readonly open: (config: z.output<C>, scope: StepScope) => Opened | Promise<Opened>;
  /** Runs when the step ends, however it ends. */
  readonly close?: ((opened: Opened) => void | Promise<void>) | undefined;
}

/** A config's input, in which any value that may be a text may be an `env()` reference instead. */
export type WithEnv<T> = T extends string
  ? T | EnvReference
  : T extends readonly (infer Item)[]
    ? readonly WithEnv<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: WithEnv<T[Name]> }
      : T;

/**
 * Something a step is lent. Gives a function that takes the configuration and returns the resource.
 *
 * @example
 * const posBuffer = resource({
 *   key: "buffer",
 *   config: z.object({ path: z.string() }),
 *   open: ({ path }) => openBuffer(path),
 *   close: (buffer) => buffer.close(),
 * });
 * const buffer = posBuffer({ path: env("POS_BUFFER", { default: "data/buffer.db" }) });
 */
export function resource<C extends z.ZodType, Opened>(
  options: ResourceOptions<C, Opened>,
): (values: WithEnv<z.input<C>>) => Resource<Opened> {
  const { key, config, open, close } = options;
  return (values) => Object.freeze({ key, config, values, open, ...(close === undefined ? {} : { close }) });
}

/** What `ctx.resources` holds. */
export type OpenedOf<R> = { readonly [Name in keyof R]: R[Name] extends Resource<infer Opened> ? Opened : never };
