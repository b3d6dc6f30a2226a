/**
 * The code blocks of a page and what is done with each, said by an HTML comment before it:
 *
 *     <!-- file: src/days.ts -->      it is that file of the page's project, whole
 *     <!-- run -->                    it is run by bash in the project; `exit 2` where it has to end so
 *     <!-- run until: Ready -->       it is interrupted once it has printed that
 *     <!-- prints -->                 the command before it prints these lines; `…` stands for anything
 *     <!-- from: examples/… -->       its lines stand so in that file of the repo; `…` for what is left out
 *     <!-- sql -->                    an administrator of PostgreSQL runs it
 *     <!-- not run: because … -->
 */
import { join } from "node:path";
import { readDoc } from "./read-doc.ts";

export type Marker =
  | { readonly kind: "file" | "from"; readonly path: string }
  | { readonly kind: "run"; readonly exit: number }
  | { readonly kind: "run until"; readonly printed: string }
  | { readonly kind: "prints" | "sql" }
  | { readonly kind: "not run"; readonly reason: string }
  | { readonly kind: "none" };

export interface Block {
  /** `docs/guide/testing.md:12`, for errors. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
  readonly marker: Marker;
}

const fence = /^(?:<!--\s*(?<marker>[^\n]*?)\s*-->\n\n?)?^```(?<language>\w*)\n(?<text>[^]*?)^```$/gm;

export function blocksOf(page: string): readonly Block[] {
  const text = readDoc(page);
  return [...text.matchAll(fence)].map((match) => {
    const { marker = "", language = "", text: code = "" } = match.groups ?? {};
    const place = `${join("docs", page)}:${text.slice(0, match.index).split("\n").length}`;
    return { place, language, text: code, marker: readMarker(marker, place) };
  });
}

/** The folder of the repo that a page is followed in a copy of: `<!-- project: examples/pos-pipeline -->` at its top. */
export function projectOf(page: string): string | undefined {
  return /^<!-- project: (.*) -->/.exec(readDoc(page))?.[1];
}

function readMarker(text: string, place: string): Marker {
  if (text === "") return { kind: "none" };
  const [, word = "", rest = ""] = /^(file|from|run until|run|prints|sql|not run)\b:?\s*(.*)$/.exec(text) ?? [];
  switch (word) {
    case "file":
    case "from":
      return { kind: word, path: rest };
    case "run":
      return { kind: "run", exit: Number(/^exit (\d+)$/.exec(rest)?.[1] ?? (rest === "" ? 0 : Number.NaN)) };
    case "run until":
      return { kind: word, printed: rest };
    case "prints":
    case "sql":
      return { kind: word };
    case "not run":
      return { kind: "not run", reason: rest };
    default:
      throw new Error(`${place}: the comment "${text}" says nothing about the block below it`);
  }
}

/** The first line of `wanted` that `text` lacks, lines in order; undefined where it has all of them. `…` stands for anything. */
export function firstMissing(wanted: string, text: string): string | undefined {
  let at = 0;
  for (const line of wanted.split("\n")) {
    const parts = line.trim().split(/\s*…\s*/);
    const pattern = parts.map((part) => part.split(/\s+/).map(RegExp.escape).join("\\s+")).join("[^\\n]*");
    if (/^\W*$/.test(parts.join("")) && line.includes("…")) continue;
    const found = new RegExp(pattern).exec(text.slice(at));
    if (found === null) return line;
    at += found.index + found[0].length;
  }
  return undefined;
}
