import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalFile } from "@iroko/core/engine";

/** A file as a step would have built it. */
export function makeFile(folder: string, content: string | Buffer = randomBytes(1000)): LocalFile {
  const path = join(folder, randomUUID());
  writeFileSync(path, content);
  return { path, bytes: Buffer.byteLength(content), sha256: sha256(content) };
}

export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

export function contentOf(file: string): string {
  return readFileSync(file, "utf8");
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
