/**
 * Which bytes of a child's stdout and stderr belong to which step. Messages may overtake the streams, so the child ends
 * each step's output with a marker on both; the parent takes it out again and knows that nothing more will come.
 */
import { StringDecoder } from "node:string_decoder";
import type { Redactor } from "../redaction.ts";

/** @param token of the step's own, unknown to user code: nothing it prints ends its output early */
export function endOfStep(token: string): string {
  return `\u0000iroko:${token}\u0000`;
}

/** One stream of a child, read for one step. */
export class StepOutput {
  readonly #marker: Buffer;
  readonly #take: (text: string) => void;
  readonly #redactor: Redactor;
  /** What may be the beginning of a secret. */
  #unfinished = "";
  // A character cut in two by a chunk's end is given whole.
  readonly #decoder = new StringDecoder("utf8");
  #held: Buffer = Buffer.alloc(0);
  ended = false;

  constructor(token: string, redactor: Redactor, take: (text: string) => void) {
    this.#marker = Buffer.from(endOfStep(token));
    this.#redactor = redactor;
    this.#take = take;
  }

  /** What comes after the marker belongs to no step and is given back. */
  push(chunk: Buffer): Buffer | undefined {
    if (this.ended) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = bytes.indexOf(this.#marker);
    if (at < 0) {
      const complete = bytes.length - this.#startedMarker(bytes);
      this.#give(bytes.subarray(0, complete));
      this.#held = bytes.subarray(complete);
      return undefined;
    }
    this.#give(bytes.subarray(0, at));
    this.#held = Buffer.alloc(0);
    this.end();
    const rest = bytes.subarray(at + this.#marker.length);
    return rest.length === 0 ? undefined : rest;
  }

  /** Nothing more will come, marker or not. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    const rest = this.#unfinished + this.#decoder.write(this.#held) + this.#decoder.end();
    if (rest !== "") this.#take(this.#redactor.text(rest));
  }

  #give(bytes: Buffer): void {
    const text = this.#unfinished + this.#decoder.write(bytes);
    const complete = text.length - this.#redactor.unfinished(text);
    this.#unfinished = text.slice(complete);
    if (complete > 0) this.#take(this.#redactor.text(text.slice(0, complete)));
  }

  /** How many of the last bytes may be the beginning of the marker. */
  #startedMarker(bytes: Buffer): number {
    for (let length = Math.min(bytes.length, this.#marker.length - 1); length > 0; length--) {
      if (bytes.subarray(bytes.length - length).equals(this.#marker.subarray(0, length))) return length;
    }
    return 0;
  }
}
