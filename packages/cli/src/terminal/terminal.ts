/** stdout is for data, stderr for talk: whoever pipes one of them gets that alone. */
import { stripVTControlCharacters, styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

export interface Terminal {
  /** A line or lines on stdout. */
  data(text: string): void;
  /** A line or lines on stderr. */
  say(text: string): void;
  /** Lines that stay at the end of stderr and are drawn anew with each call, where stderr is a terminal; [] takes them away. */
  live(lines: readonly string[]): void;
  /** Whether `live` shows anything. */
  readonly isLive: boolean;
  /** Of stdout; endless where it is no terminal. */
  readonly columns: number;
  /** Colours text for stdout and for stderr, as NO_COLOR, FORCE_COLOR and the streams have it. */
  styleData(format: Format, text: string): string;
  style(format: Format, text: string): string;
}

export function openTerminal(): Terminal {
  const { stdout, stderr } = process;
  // `iroko assets list | head`: whoever reads no more is not an error.
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  const isLive = stderr.isTTY && process.env["TERM"] !== "dumb";
  let drawn: readonly string[] = [];
  const erase = (): void => {
    if (drawn.length > 0) stderr.write(`\x1b[${drawn.length}A\x1b[0J`);
    drawn = [];
  };
  const draw = (lines: readonly string[]): void => {
    if (lines.length > 0) stderr.write(`${lines.join("\n")}\n`);
    drawn = lines;
  };
  const above = (write: () => void): void => {
    const lines = drawn;
    erase();
    write();
    draw(lines);
  };
  return {
    data: (text) => above(() => stdout.write(`${text}\n`)),
    say: (text) => above(() => stderr.write(`${text}\n`)),
    live(lines) {
      if (!isLive) return;
      erase();
      draw(lines.map((line) => fitted(line, stderr.columns || 80)));
    },
    isLive,
    // A terminal of 0 columns is one that does not say.
    columns: stdout.isTTY ? stdout.columns || 80 : Infinity,
    styleData: (format, text) => styleText(format, text, { stream: stdout }),
    style: (format, text) => styleText(format, text, { stream: stderr }),
  };
}

/** A line that wraps could not be taken away again. */
function fitted(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length < columns ? line : `${plain.slice(0, columns - 2)}…`;
}

/** Text of others, without what would steer a terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it takes out
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\u{fffd}");
}
