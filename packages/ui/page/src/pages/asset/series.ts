/** A number over partitions as a path: lines where partitions follow one another, dots where those beside are missing. */
import type { Series } from "@iroko/core/client";

interface Box {
  readonly width: number;
  readonly height: number;
}

/** Of one of its lines, in the scale of all of them. */
export function linePath({ least, most }: Series, { points }: Series["lines"][number], { width, height }: Box): string {
  const range = most.value - least.value;
  return points
    .map(([x, value, joined], at) => {
      const place = `${(x * width).toFixed(1)} ${(height - ((value - least.value) / range) * height).toFixed(1)}`;
      if (joined) return `L${place}`;
      // A line of no length is drawn as a dot, by its round ends.
      return points[at + 1]?.[2] === true ? `M${place}` : `M${place}h0`;
    })
    .join("");
}
