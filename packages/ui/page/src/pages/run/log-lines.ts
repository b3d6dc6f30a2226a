/** Lines of the pieces in which output came. */
import type { LogChunk } from "@iroko/core/client";

export interface Line {
  readonly stream: string;
  readonly text: string;
}

/** Pieces end anywhere: lines of one stream go on in its next piece. */
export function linesOf(chunks: readonly Pick<LogChunk, "stream" | "body">[]): readonly Line[] {
  const lines: { stream: string; text: string }[] = [];
  const open = new Map<string, number>();
  for (const { stream, body } of chunks) {
    const parts = body.split("\n");
    parts.forEach((text, at) => {
      const isLast = at === parts.length - 1;
      const goesOn = at === 0 ? open.get(stream) : undefined;
      if (goesOn !== undefined) lines[goesOn]!.text += text;
      else if (!isLast || text !== "") lines.push({ stream, text });
      if (at === 0) open.delete(stream);
      if (isLast && text !== "")
        open.set(stream, goesOn !== undefined && parts.length === 1 ? goesOn : lines.length - 1);
      else if (isLast && goesOn !== undefined && parts.length === 1) open.set(stream, goesOn);
    });
  }
  return lines;
}
