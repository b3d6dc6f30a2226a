/** The contract as an OpenAPI 3.1 document: nothing in it is written by hand that the contract knows. */
import { apiRoot, errorRecord, operationsByName, pathNames, type Operation } from "@iroko/core/client";
import { z } from "zod";

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  /** The least role that may. */
  readonly "x-role": Operation["role"];
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: Readonly<Record<string, unknown>>;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export function openApiDocument(): OpenApiDocument {
  const schemas = new Map<string, JsonSchema>();
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const [name, operation] of operationsByName()) {
    const methods = (paths[operation.path] ??= {});
    methods[operation.method.toLowerCase()] = describe(name, operation, (schema) => schemaOf(schema, schemas));
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Iroko",
      version: "1",
      description:
        "Assets, partitions, runs and schedules of an Iroko instance. Lists page by cursor: what a page gives as cursor, the next one takes as after. Sets of partitions are texts of ranges.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: apiRoot }],
    tags: [...new Set(Array.from(operationsByName().keys(), tagOf))].map((name) => ({ name })),
    // None on the machine itself, a token from elsewhere.
    security: [{}, { token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(schemas),
    },
  };
}

export const tagOf = (name: string): string => name.split(".")[0]!;

function describe(name: string, operation: Operation, schemaFor: (schema: z.ZodType) => JsonSchema): OpenApiOperation {
  const input = schemaFor(operation.input);
  const properties = Object.entries((input["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>);
  const required = new Set((input["required"] ?? []) as readonly string[]);
  const inPath = pathNames(operation);
  const isRead = operation.method === "GET";
  const parameters = properties.flatMap(([field, { description, ...schema }]): OpenApiParameter[] => {
    const isPath = inPath.includes(field);
    if (!isPath && !isRead) return [];
    return [
      {
        name: field,
        in: isPath ? "path" : "query",
        required: required.has(field),
        ...(typeof description === "string" ? { description } : {}),
        schema,
      },
    ];
  });
  const fields = properties.filter(([field]) => !inPath.includes(field));
  const body = {
    type: "object",
    properties: Object.fromEntries(fields),
    required: fields.map(([field]) => field).filter((field) => required.has(field)),
    additionalProperties: false,
  };
  return {
    operationId: name,
    summary: operation.summary,
    tags: [tagOf(name)],
    "x-role": operation.role,
    parameters,
    ...(isRead ? {} : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      [operation.status ?? 200]: {
        description: operation.content === undefined ? "The answer" : "Messages, as long as the connection is open",
        content: { [operation.content ?? "application/json"]: { schema: schemaFor(operation.answer) } },
      },
      default: {
        description: "What went wrong, and what to do about it",
        content: { "application/json": { schema: schemaFor(failure) } },
      },
    },
  };
}

const failure = z.object({ error: errorRecord }).meta({ id: "Failure" });

/** A schema; those in it that have a name stand once for all. */
function schemaOf(schema: z.ZodType, named: Map<string, JsonSchema>): JsonSchema {
  const made = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const text = JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/');
  const { $schema: _schema, $defs = {}, id, ...rest } = JSON.parse(text) as JsonSchema & { $defs?: object };
  for (const [name, { id: _id, ...definition }] of Object.entries($defs as Readonly<Record<string, JsonSchema>>))
    named.set(name, definition);
  if (typeof id !== "string") return rest;
  named.set(id, rest);
  return { $ref: `#/components/schemas/${id}` };
}
