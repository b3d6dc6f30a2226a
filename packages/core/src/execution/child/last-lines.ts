/** The last lines that a process printed on either stream: all there is to tell why it died. */
export class LastLines {
  readonly #limit: number;
  #text = "";

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    // A line longer than this says no more by being whole.
    this.#text = (this.#text + chunk.subarray(-4096).toString()).slice(-8192);
  }

  read(): readonly string[] {
    // oxlint-disable-next-line no-control-regex -- the markers that end each step's output
    const lines = this.#text.replaceAll(/\u0000iroko:[0-9a-f]+\u0000/g, "").split("\n");
    return lines.filter((line) => line.trim() !== "").slice(-this.#limit);
  }
}
