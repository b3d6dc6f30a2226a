/** DuckDB's syntax tree is somebody else's JSON: what is not there reads as nothing. */

export type Node = Readonly<Record<string, unknown>>;

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const nodeOf = (value: unknown): Node => (isNode(value) ? value : {});

export const listOf = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

export const namesOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];

export const isA = (node: Node, kind: string): boolean => node["class"] === kind;

/** DuckDB's names differ by more than their case. */
export const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export const functionName = (call: Node): string => textOf(call["function_name"]).toLowerCase();

/** What a text in quotes says; undefined where it is something else. */
export function constantText(node: Node | undefined): string | undefined {
  const value = nodeOf(node)["value"];
  return node !== undefined && isA(node, "CONSTANT") && isNode(value) && typeof value["value"] === "string"
    ? value["value"]
    : undefined;
}
