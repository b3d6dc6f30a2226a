/**
 * Reads the selection grammar:
 *
 *     expression := or
 *     or         := and ("or" and)*
 *     and        := not ("and" not)*
 *     not        := "not" not | "*" | traversal
 *     traversal  := (number? "+")? primary ("+" number?)?
 *     primary    := attribute ":" value | key | ("sinks" | "roots") "(" expression ")" | "(" expression ")"
 *
 * Attributes are key, group, tag (`tag:name=value`), owner, kind, location, column, status, changed and is. Keys, columns and
 * locations may hold "*" as they stand; other values with anything but letters, digits, "_" and "/" stand in double quotes.
 * `owner:<null>` and `kind:<null>` are those that have none.
 */
import { didYouMean } from "../did-you-mean.ts";
import { IrokoError } from "../errors.ts";

export type Selection =
  | { readonly kind: "all" }
  | { readonly kind: "key"; readonly pattern: string; readonly column: number }
  | { readonly kind: "attribute"; readonly attribute: Attribute; readonly pattern: string; readonly column: number }
  | { readonly kind: "without"; readonly attribute: "owner" | "kind" }
  | { readonly kind: "tag"; readonly name: string; readonly value: string }
  | { readonly kind: "external" }
  /** Known to an instance alone: how an asset stands, and what of its definition the last deploy changed. */
  | { readonly kind: "status"; readonly status: StatusTerm; readonly column: number }
  | { readonly kind: "changed"; readonly change: ChangeTerm; readonly column: number }
  | { readonly kind: "not"; readonly of: Selection }
  | { readonly kind: "and" | "or"; readonly left: Selection; readonly right: Selection }
  | { readonly kind: "sinks" | "roots"; readonly of: Selection }
  /** `+a+`: so many steps up and down; Infinity where no number is given, undefined where no "+" is. */
  | {
      readonly kind: "traversal";
      readonly of: Selection;
      readonly up: number | undefined;
      readonly down: number | undefined;
    };

/** What an asset is matched by, with "*" in it. */
export type Attribute = "group" | "owner" | "kind" | "location" | "column";

export const statusTerms = ["missing", "failed", "stale", "running", "materialized", "fresh"] as const;
export type StatusTerm = (typeof statusTerms)[number];

export const changeTerms = ["any", "new", "code", "schema", "deps", "partitions"] as const;
export type ChangeTerm = (typeof changeTerms)[number];

/** @throws {IrokoError} SELECTION_SYNTAX, pointing at the character */
export function parseSelection(text: string): Selection {
  const parser = new Parser(text);
  const selection = parser.expression();
  parser.end();
  return selection;
}

interface Token {
  /** `word`: as a value may stand without quotes; `glob`: with "*" in it, for keys only; `null`: `<null>`. */
  readonly kind: "word" | "glob" | "quoted" | "number" | "null" | "mark" | "end";
  readonly text: string;
  readonly column: number;
}

const attributes = ["key", "group", "tag", "owner", "kind", "location", "column", "status", "changed", "is"];
const reserved = new Set(["and", "or", "not", "AND", "OR", "NOT"]);

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  expression(): Selection {
    let left = this.#and();
    while (this.#takeOperator("or")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  end(): void {
    if (this.#next.kind !== "end") this.#fail('"and", "or" or the end');
  }

  #and(): Selection {
    let left = this.#not();
    while (this.#takeOperator("and")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Selection {
    if (this.#takeOperator("not")) return { kind: "not", of: this.#not() };
    if (this.#next.kind === "glob" && this.#next.text === "*") {
      this.#at += 1;
      return { kind: "all" };
    }
    return this.#traversal();
  }

  #traversal(): Selection {
    let up: number | undefined;
    if (this.#next.kind === "number") {
      up = Number(this.#take().text);
      if (!this.#takeMark("+")) this.#fail('"+" after the number');
    } else if (this.#takeMark("+")) {
      up = Infinity;
    }
    const of = this.#primary();
    if (!this.#takeMark("+")) return up === undefined ? of : { kind: "traversal", of, up, down: undefined };
    const down = this.#next.kind === "number" ? Number(this.#take().text) : Infinity;
    return { kind: "traversal", of, up, down };
  }

  #primary(): Selection {
    const { kind, text, column } = this.#next;
    const followedBy = this.#tokens[this.#at + 1]!;
    if (this.#takeMark("(")) return this.#closing(this.expression());
    if (kind === "word" && followedBy.text === ":" && followedBy.kind === "mark") return this.#attribute();
    if ((text === "sinks" || text === "roots") && kind === "word" && followedBy.text === "(") {
      this.#at += 2;
      return { kind: text, of: this.#closing(this.expression()) };
    }
    if (isKeyToken(this.#next) && text !== "*") {
      this.#at += 1;
      return { kind: "key", pattern: text, column };
    }
    return this.#fail(
      `an asset key, ${attributes.map((attribute) => `"${attribute}:"`).join(", ")}, "sinks(", "roots(" or "("`,
    );
  }

  #attribute(): Selection {
    const name = this.#next;
    if (!attributes.includes(name.text)) {
      const meant = didYouMean(name.text, attributes);
      this.#fail(
        `one of ${attributes.map((attribute) => `"${attribute}:"`).join(", ")}`,
        meant === undefined ? undefined : `Did you mean "${meant}:"?`,
      );
    }
    this.#at += 2;
    const { column } = this.#next;
    switch (name.text) {
      case "key":
        if (this.#next.text === "*" && this.#next.kind === "glob")
          this.#fail('a key ("*" for everything stands alone)');
        if (!isKeyToken(this.#next)) this.#fail(`a key; ${quotingHint}`);
        return { kind: "key", pattern: this.#take().text, column };
      case "tag": {
        const tag = this.#value("a tag's name");
        return { kind: "tag", name: tag, value: this.#takeMark("=") ? this.#value("the tag's value") : "" };
      }
      case "is":
        return this.#term(["external", "materializable"]) === "external" ? { kind: "external" } : { kind: "all" };
      case "status":
        return { kind: "status", status: this.#term(statusTerms), column };
      case "changed":
        return { kind: "changed", change: this.#term(changeTerms), column };
      case "column":
      case "location": {
        const attribute = name.text;
        // They are named as keys are, and are as often a pattern.
        const pattern = this.#next.kind === "glob" ? this.#take().text : this.#value(`the ${attribute}`);
        return { kind: "attribute", attribute, pattern, column };
      }
      default: {
        const attribute = name.text as "group" | "owner" | "kind";
        if (attribute !== "group" && this.#next.kind === "null") {
          this.#at += 1;
          return { kind: "without", attribute };
        }
        return { kind: "attribute", attribute, pattern: this.#value(`the ${attribute}`), column };
      }
    }
  }

  #value(what: string): string {
    const token = this.#next;
    if (token.kind !== "quoted" && (token.kind !== "word" || reserved.has(token.text)))
      this.#fail(`${what}; ${quotingHint}`);
    return this.#take().text;
  }

  #term<Term extends string>(terms: readonly Term[]): Term {
    const term = terms.find((each) => each === this.#next.text);
    if (term === undefined) {
      const meant = didYouMean(this.#next.text, terms);
      this.#fail(`one of ${terms.join(", ")}`, meant === undefined ? undefined : `Did you mean "${meant}"?`);
    }
    this.#at += 1;
    return term;
  }

  #closing(of: Selection): Selection {
    if (!this.#takeMark(")")) this.#fail('"and", "or" or ")"');
    return of;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(): Token {
    const token = this.#next;
    this.#at += 1;
    return token;
  }

  #takeMark(mark: string): boolean {
    if (this.#next.kind !== "mark" || this.#next.text !== mark) return false;
    this.#at += 1;
    return true;
  }

  #takeOperator(operator: "and" | "or" | "not"): boolean {
    const { kind, text } = this.#next;
    if (kind !== "word" || (text !== operator && text !== operator.toUpperCase())) return false;
    this.#at += 1;
    return true;
  }

  #fail(expected: string, meant?: string): never {
    const { kind, text, column } = this.#next;
    const found = kind === "end" ? "the end" : kind === "quoted" ? JSON.stringify(text) : `"${text}"`;
    throw syntaxError(this.#text, column, `expected ${expected}, found ${found}`, meant);
  }
}

const quotingHint = 'anything but letters, digits, "_" and "/" stands in double quotes';

// A mark is one character; whatever else a selection holds is reported where it stands.
const tokenPattern =
  /\s*(?:("(?:[^"\\]|\\["\\])*")|([A-Za-z_][A-Za-z0-9_/]*(?![A-Za-z0-9_*/]))|([A-Za-z_*][A-Za-z0-9_*/]*)|([0-9]+)|(<null>)|([():=+]))/y;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  let at = 0;
  while (text.slice(at).trim() !== "") {
    const match = tokenPattern.exec(text);
    if (!match) {
      const column = at + text.slice(at).search(/\S/) + 1;
      const found = String.fromCodePoint(text.codePointAt(column - 1)!);
      throw syntaxError(
        text,
        column,
        found === '"'
          ? 'the quotes never close, or hold a "\\" before anything but "\\" and a quote'
          : `"${found}" has no meaning here; ${quotingHint}`,
      );
    }
    const [whole, quoted, word, glob, number, none, mark] = match;
    at = tokenPattern.lastIndex;
    const column = at - whole.trimStart().length + 1;
    if (quoted !== undefined)
      tokens.push({ kind: "quoted", text: quoted.slice(1, -1).replaceAll(/\\(.)/g, "$1"), column });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, column });
    else if (glob !== undefined) tokens.push({ kind: "glob", text: glob, column });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, column });
    else if (none !== undefined) tokens.push({ kind: "null", text: none, column });
    else tokens.push({ kind: "mark", text: mark!, column });
  }
  tokens.push({ kind: "end", text: "", column: text.trimEnd().length + 1 });
  return tokens;
}

function isKeyToken({ kind, text }: Token): boolean {
  return kind === "quoted" || kind === "glob" || (kind === "word" && !reserved.has(text));
}

function syntaxError(text: string, column: number, what: string, meant?: string): IrokoError {
  return new IrokoError("SELECTION_SYNTAX", `The selection "${text}" cannot be read at character ${column}: ${what}.`, {
    hint: `  ${text}\n  ${" ".repeat(column - 1)}^\n${meant ?? "For example: '+daily_revenue_summary', 'group:ingestion and not key:raw*', '*'."}`,
    place: { column },
  });
}
