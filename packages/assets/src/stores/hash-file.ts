import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Hex SHA-256 of a file's bytes [start, end). */
export async function sha256OfFile(file: string, start = 0, end: number = Number.POSITIVE_INFINITY): Promise<string> {
  const hash = createHash("sha256");
  if (end > start) {
    for await (const chunk of createReadStream(file, { start, end: end - 1, highWaterMark: 1 << 20 }))
      hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}
