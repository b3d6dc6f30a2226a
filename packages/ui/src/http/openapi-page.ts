/** The API as a page to read: each operation with a link of its own, what it takes, and a command to try it by. */
import { apiRoot, operationsByName } from "@iroko/core/client";
import type { Hono } from "hono";
import { html } from "hono/html";
import { openApiDocument, tagOf, type JsonSchema, type OpenApiDocument, type OpenApiOperation } from "./openapi.ts";

type Markup = ReturnType<typeof html>;

export function openApiPage(app: Hono): void {
  const document = openApiDocument();
  app.get("/api", (c) => c.html(page(document, new URL(c.req.url).origin)));
}

function page(document: OpenApiDocument, origin: string): Markup {
  const names = [...operationsByName().keys()];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>API · Iroko</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <a class="brand" href="/"><img src="/icon.svg" alt="" width="22" height="22" /> Iroko</a>
        </header>
        <main id="main">
          <h1>API</h1>
          <p class="prose">${String(document.info["description"])}</p>
          <p class="prose">
            As a document for tools: <a href="${apiRoot}/openapi.json">OpenAPI 3.1</a>. From TypeScript:
            <code>openClient({ url: "${origin}" })</code> of <code>@iroko/core/client</code>. From another machine add
            <code>--header "Authorization: Bearer …"</code> with an API token.
          </p>
          ${document.tags.map(
            ({ name: tag }) =>
              html`<h2 id="${tag}"><a href="#${tag}">${tag}</a></h2>
                <ul class="list api">
                  ${names
                    .filter((name) => tagOf(name) === tag)
                    .map(
                      (name) => html`<li><a href="#${name}">${name}</a> ${operationOf(document, name).summary}</li>`,
                    )}
                </ul>`,
          )}
          ${names.map((name) => section(document, name, origin))}
        </main>
      </body>
    </html>`;
}

function section(document: OpenApiDocument, name: string, origin: string): Markup {
  const { method, path } = operationsByName().get(name)!;
  const operation = operationOf(document, name);
  const body = operation.requestBody?.content["application/json"]?.schema;
  const fields = [
    ...operation.parameters.map(({ in: where, ...parameter }) => ({ ...parameter, where: where as string })),
    ...Object.entries((body?.["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>).map(([field, schema]) => ({
      name: field,
      where: "body",
      required: ((body?.["required"] ?? []) as readonly string[]).includes(field),
      description: typeof schema["description"] === "string" ? schema["description"] : undefined,
      schema,
    })),
  ];
  return html`<section id="${name}">
    <h3><a href="#${name}">${name}</a></h3>
    <p><code>${method} ${apiRoot}${path}</code></p>
    <p class="prose">${operation.summary}. For a ${operation["x-role"]}.</p>
    ${
      fields.length === 0
        ? ""
        : html`<div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Field</th>
                  <th scope="col">In</th>
                  <th scope="col">Type</th>
                  <th scope="col">What it is</th>
                </tr>
              </thead>
              <tbody>
                ${fields.map(
                  (field) =>
                    html`<tr>
                      <td><code>${field.name}</code>${field.required ? "" : " (optional)"}</td>
                      <td>${field.where}</td>
                      <td>${typeText(field.schema)}</td>
                      <td class="prose">${field.description ?? ""}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
    <pre><code>${curlFor(method, path, body, origin)}</code></pre>
  </section>`;
}

function operationOf(document: OpenApiDocument, name: string): OpenApiOperation {
  const { method, path } = operationsByName().get(name)!;
  return document.paths[path]![method.toLowerCase()]!;
}

function typeText(schema: JsonSchema): string {
  if (Array.isArray(schema["enum"])) return schema["enum"].join(" | ");
  const options = (schema["anyOf"] ?? schema["oneOf"]) as readonly JsonSchema[] | undefined;
  if (options !== undefined) return options.map(typeText).join(" or ");
  if (schema["type"] === "array") return `${typeText((schema["items"] ?? {}) as JsonSchema)}[]`;
  return typeof schema["type"] === "string" ? schema["type"] : "any";
}

/** A command for any POSIX shell; what is to be filled in is in angle brackets. */
function curlFor(method: string, path: string, body: JsonSchema | undefined, origin: string): string {
  const url = `${origin}${apiRoot}${path.replaceAll(/\{(\w+)\}/g, "<$1>")}`;
  if (body === undefined) return `curl '${url}'`;
  const example = Object.fromEntries((body["required"] as readonly string[]).map((field) => [field, "…"]));
  return [
    `curl --request ${method} '${url}'`,
    `--header 'Origin: ${origin}'`,
    "--header 'Content-Type: application/json'",
    `--data '${JSON.stringify(example)}'`,
  ].join(" \\\n  ");
}
