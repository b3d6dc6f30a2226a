import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const docsFolder: string = fileURLToPath(new URL("../../docs/", import.meta.url));

/** A page of `docs/`, by its path from there. */
export function readDoc(path: string): string {
  return readFileSync(new URL(`../../docs/${path}`, import.meta.url), "utf8");
}
