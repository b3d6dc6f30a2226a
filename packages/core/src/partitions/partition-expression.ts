/**
 * How choices of partitions are combined: `and`, `or`, `not` and parentheses, as in selections, around lists of keys, ranges
 * and words. `not` binds strongest, then `and`, then `or`.
 */
import { IrokoError } from "../errors.ts";

export type PartitionExpression =
  | { readonly kind: "list"; readonly text: string }
  | { readonly kind: "not"; readonly of: PartitionExpression }
  | { readonly kind: "and" | "or"; readonly all: readonly PartitionExpression[] };

/** Whether a text has operators outside quotes: without them it is one list. */
export function isExpression(text: string): boolean {
  return tokensOf(text).some(({ kind }) => kind !== "list");
}

/** @throws {IrokoError} PARTITION_FORMAT that says at which character something else was expected */
export function parseExpression(text: string): PartitionExpression {
  const tokens = tokensOf(text);
  let next = 0;

  const or = (): PartitionExpression => joined("or", and);
  const and = (): PartitionExpression => joined("and", not);
  const joined = (kind: "and" | "or", part: () => PartitionExpression): PartitionExpression => {
    const all = [part()];
    while (tokens[next]?.kind === kind) {
      next += 1;
      all.push(part());
    }
    return all.length === 1 ? all[0]! : { kind, all };
  };
  const not = (): PartitionExpression => {
    const token = tokens[next];
    next += 1;
    switch (token?.kind) {
      case "list":
        return { kind: "list", text: token.text };
      case "not":
        return { kind: "not", of: not() };
      case "(": {
        const within = or();
        if (tokens[next]?.kind !== ")") throw unexpected(text, tokens[next], `")" for the "(" at ${token.at + 1}`);
        next += 1;
        return within;
      }
      default:
        throw unexpected(text, token, 'a partition, a range, a word, "not" or "("');
    }
  };

  const whole = or();
  if (next < tokens.length) throw unexpected(text, tokens[next], '"and", "or" or the end');
  return whole;
}

/** As `parseExpression` reads it back. */
export function expressionText(expression: PartitionExpression): string {
  switch (expression.kind) {
    case "list":
      return expression.text;
    case "not":
      return `not (${expressionText(expression.of)})`;
    case "and":
    case "or":
      return expression.all.map((part) => `(${expressionText(part)})`).join(` ${expression.kind} `);
  }
}

interface Token {
  readonly kind: "list" | "and" | "or" | "not" | "(" | ")";
  readonly text: string;
  /** From 0. */
  readonly at: number;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let pending: { readonly at: number; text: string } | undefined;
  const endList = (): void => {
    if (pending && pending.text.trim() !== "") tokens.push({ kind: "list", text: pending.text.trim(), at: pending.at });
    pending = undefined;
  };
  for (const { 0: piece, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[()]|\s+|[^\s()"]+|"/gs)) {
    const kind = operators.find((one) => one === piece);
    if (kind) {
      endList();
      tokens.push({ kind, text: piece, at: index });
    } else if (pending) pending.text += piece;
    else if (piece.trim() !== "") pending = { at: index, text: piece };
  }
  endList();
  return tokens;
}

const operators = ["and", "or", "not", "(", ")"] as const;

function unexpected(text: string, token: Token | undefined, expected: string): IrokoError {
  const at = token?.at ?? text.length;
  const found = token ? JSON.stringify(token.text) : "the end";
  return new IrokoError(
    "PARTITION_FORMAT",
    `The partitions ${JSON.stringify(text)} cannot be read: at character ${at + 1}, expected ${expected}, found ${found}.`,
    {
      hint: 'Combine with "and", "or", "not" and parentheses; a key that holds one of them stands in double quotes.',
      details: { text, at },
    },
  );
}
