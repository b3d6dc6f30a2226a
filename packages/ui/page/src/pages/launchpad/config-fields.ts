/** The fields of a form for what a JSON schema describes, and what is typed into them as values. */
import type { Json } from "./request.ts";

export interface ConfigField {
  /** The property's; "" where the value is no object, and is typed as JSON whole. */
  readonly name: string;
  readonly kind: "text" | "number" | "boolean" | "choice" | "json";
  /** Of a choice. */
  readonly values: readonly Json[];
  readonly isRequired: boolean;
  /** What it is unless given, as text. */
  readonly normally: string | undefined;
  readonly description: string | undefined;
}

interface JsonSchema {
  readonly type?: unknown;
  readonly enum?: readonly Json[];
  readonly default?: Json;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** @param described a JSON schema as zod writes it */
export function fieldsOf(described: unknown): readonly ConfigField[] {
  const schema = (described ?? {}) as JsonSchema;
  const { type, properties, required = [] } = schema;
  if (type !== "object" || properties === undefined) return [fieldOf("", schema, false)];
  return Object.entries(properties).map(([name, property]) => fieldOf(name, property, required.includes(name)));
}

function fieldOf(name: string, schema: JsonSchema, isRequired: boolean): ConfigField {
  const { enum: values = [], default: normally, description } = schema;
  return {
    name,
    kind: kindOf(schema),
    values,
    isRequired,
    normally: normally === undefined ? undefined : textOf(normally),
    description,
  };
}

function kindOf({ type, enum: values }: JsonSchema): ConfigField["kind"] {
  if (values !== undefined) return "choice";
  if (type === "integer" || type === "number") return "number";
  return type === "boolean" ? "boolean" : type === "string" ? "text" : "json";
}

/** As it stands in a field. */
export const textOf = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** What is typed; undefined: nothing. What cannot be read is sent as it is: the dry run says what is wrong with it. */
export function valueOf({ kind, values }: ConfigField, text: string): Json | undefined {
  if (kind === "text") return text === "" ? undefined : text;
  if (text.trim() === "") return undefined;
  if (kind === "choice") return values.find((value) => textOf(value) === text) ?? text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
