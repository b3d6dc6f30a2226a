import type { SchemaElement } from "./parquetjs-lite.ts";

export interface ParquetColumn {
  readonly name: string;
  /** In DuckDB's words: `DECIMAL(18,2)`, `TIMESTAMP WITH TIME ZONE`, `VARCHAR[]`, `STRUCT(a INTEGER)`. */
  readonly type: string;
  readonly nullable: boolean;
}

interface Node extends SchemaElement {
  readonly children: readonly Node[];
}

/** The schema is a tree written down depth first, its root being the table. */
export function columnsOf(schema: readonly SchemaElement[]): ParquetColumn[] {
  let next = 0;
  function take(depth: number): Node {
    const element = schema[next++];
    if (element === undefined || depth > 100) throw new Error("the schema's tree does not end");
    const children = Array.from({ length: Math.min(element.num_children ?? 0, schema.length) }, () => take(depth + 1));
    return { ...element, children };
  }
  return take(0).children.map((node) => ({
    name: node.name.toString(),
    type: typeOf(node),
    nullable: node.repetition_type !== repetition.required,
  }));
}

function typeOf(node: Node): string {
  if (node.repetition_type === repetition.repeated) return `${typeOf({ ...node, repetition_type: 0 })}[]`;
  if (node.children.length > 0) return nestedTypeOf(node);
  const { logicalType: logical } = node;
  if (logical?.STRING || logical?.ENUM) return "VARCHAR";
  if (logical?.JSON) return "JSON";
  if (logical?.DATE) return "DATE";
  if (logical?.DECIMAL) return `DECIMAL(${logical.DECIMAL.precision},${logical.DECIMAL.scale})`;
  if (logical?.TIME) return logical.TIME.isAdjustedToUTC ? "TIME WITH TIME ZONE" : "TIME";
  if (logical?.TIMESTAMP) {
    if (logical.TIMESTAMP.isAdjustedToUTC) return "TIMESTAMP WITH TIME ZONE";
    const { unit } = logical.TIMESTAMP;
    return unit?.MILLIS || unit?.MICROS ? "TIMESTAMP" : "TIMESTAMP_NS";
  }
  const converted = convertedTypes[node.converted_type ?? -1];
  if (converted === "DECIMAL") return `DECIMAL(${node.precision},${node.scale ?? 0})`;
  if (converted !== undefined) return converted;
  return physicalTypes[node.type ?? -1] ?? "BLOB";
}

function nestedTypeOf(node: Node): string {
  const [only] = node.children;
  const isRepeated = node.children.length === 1 && only?.repetition_type === repetition.repeated;
  if (isRepeated && (node.logicalType?.LIST || node.converted_type === converted.list)) {
    // Three levels as the format wants them, or two as some old writers have it.
    const element = only.children.length === 1 ? only.children[0] : undefined;
    return `${element === undefined ? typeOf({ ...only, repetition_type: 0 }) : typeOf(element)}[]`;
  }
  if (isRepeated && (node.logicalType?.MAP || node.converted_type === converted.map) && only.children.length === 2)
    return `MAP(${only.children.map(typeOf).join(", ")})`;
  return `STRUCT(${node.children.map((child) => `${child.name.toString()} ${typeOf(child)}`).join(", ")})`;
}

const repetition = { required: 0, optional: 1, repeated: 2 } as const;
const converted = { map: 1, list: 3 } as const;

/** By the format's numbers; nested ones are seen to above. */
const convertedTypes: Readonly<Record<number, string>> = {
  0: "VARCHAR",
  4: "VARCHAR",
  5: "DECIMAL",
  6: "DATE",
  7: "TIME",
  8: "TIME",
  9: "TIMESTAMP",
  10: "TIMESTAMP",
  11: "UTINYINT",
  12: "USMALLINT",
  13: "UINTEGER",
  14: "UBIGINT",
  15: "TINYINT",
  16: "SMALLINT",
  17: "INTEGER",
  18: "BIGINT",
  19: "JSON",
  20: "BLOB",
  21: "INTERVAL",
};

const physicalTypes = ["BOOLEAN", "INTEGER", "BIGINT", "TIMESTAMP", "FLOAT", "DOUBLE", "BLOB", "BLOB"];
