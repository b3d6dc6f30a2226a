/** The reference page of errors and the catalogue say the same, both ways. */
import assert from "node:assert/strict";
import test from "node:test";
import { errorCatalogue, lastingErrors } from "@iroko/core";
import { readDoc } from "./read-doc.ts";

const page = readDoc("reference/errors.md");
const entries = [...page.matchAll(/^### ([A-Z_]+)\n\n([^]*?)(?=\n##|$(?![^]))/gm)].map(([, code = "", body = ""]) => {
  const [sentence = "", ...remedy] = body.trim().split("\n\n");
  return { code, sentence: sentence.replaceAll("\n", " "), remedy: remedy.join(" ").trim() };
});

test("the page has the catalogue's codes in its order, each with its sentence", () => {
  assert.deepEqual(
    entries.map(({ code, sentence }) => [code, sentence]),
    Object.entries(errorCatalogue),
  );
});

test("the page says what to do about each error", () => {
  assert.deepEqual(
    entries.filter(({ remedy }) => remedy.length < 10).map(({ code }) => code),
    [],
  );
});

test("the page lists the errors that are not retried", () => {
  const [, list = ""] = /fail it at once:([^]*?)All others/.exec(page) ?? [];
  assert.deepEqual(
    [...list.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code),
    [...lastingErrors],
  );
});
