/**
 * The format of time keys, in strftime letters: %Y %m %d %H %M %S, %z for the UTC offset (`+0100`) and %% for itself.
 * Each letter has a fixed width, so that a key is written in one way only, and read back to the same window.
 */

export interface KeyFormat {
  readonly format: string;
  /** The letters that stand in it. */
  readonly letters: ReadonlySet<string>;
  /** Whether keys carry their UTC offset, so that a repeated hour needs no other mark. */
  readonly hasOffset: boolean;
  write(time: Temporal.ZonedDateTime): string;
  /** The local time a key stands for, absent fields at their least; undefined when it is not in the format. */
  read(key: string): ReadKey | undefined;
}

export interface ReadKey {
  readonly local: Temporal.PlainDateTime;
  /** As written, `+01:00`; undefined where the format has none. */
  readonly offset: string | undefined;
}

/** What a letter stands for: how it is written, and what may stand in its place. */
interface Letter {
  readonly pattern: string;
  write(time: Temporal.ZonedDateTime): string;
}

const letters: Readonly<Record<string, Letter>> = {
  Y: { pattern: String.raw`(?<year>\d{4})`, write: (time) => String(time.year).padStart(4, "0") },
  m: { pattern: String.raw`(?<month>\d{2})`, write: (time) => twoDigits(time.month) },
  d: { pattern: String.raw`(?<day>\d{2})`, write: (time) => twoDigits(time.day) },
  H: { pattern: String.raw`(?<hour>\d{2})`, write: (time) => twoDigits(time.hour) },
  M: { pattern: String.raw`(?<minute>\d{2})`, write: (time) => twoDigits(time.minute) },
  S: { pattern: String.raw`(?<second>\d{2})`, write: (time) => twoDigits(time.second) },
  z: { pattern: String.raw`(?<offset>[+-]\d{4})`, write: (time) => basicOffset(time) },
  "%": { pattern: "%", write: () => "%" },
};

const compiled = new Map<string, KeyFormat | string>();

/** A format made ready, or what is wrong with it. */
export function compileKeyFormat(format: string): KeyFormat | string {
  let known = compiled.get(format);
  if (known === undefined) compiled.set(format, (known = compile(format)));
  return known;
}

/** The UTC offset as it stands in keys: `-0500`. */
export function basicOffset(time: Temporal.ZonedDateTime): string {
  return time.offset.replace(":", "").slice(0, 5);
}

function compile(format: string): KeyFormat | string {
  const parts = format.match(/%.?|[^%]+/gs) ?? [];
  const writers: ((time: Temporal.ZonedDateTime) => string)[] = [];
  const seen = new Set<string>();
  let pattern = "";
  for (const part of parts) {
    if (!part.startsWith("%")) {
      pattern += part.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
      writers.push(() => part);
      continue;
    }
    const name = part.slice(1);
    const letter = letters[name];
    if (!letter) return `${part} is not one of %Y %m %d %H %M %S %z %%`;
    if (name !== "%" && seen.has(name)) return `${part} stands in it twice`;
    seen.add(name);
    pattern += letter.pattern;
    writers.push((time) => letter.write(time));
  }
  if (!seen.has("Y")) return "it has no year (%Y)";
  const expression = new RegExp(`^${pattern}$`, "s");
  return {
    format,
    letters: seen,
    hasOffset: seen.has("z"),
    write: (time) => writers.map((write) => write(time)).join(""),
    read: (key) => readKey(expression, key),
  };
}

function readKey(expression: RegExp, key: string): ReadKey | undefined {
  const { year, month, day, hour, minute, second, offset } = expression.exec(key)?.groups ?? {};
  if (year === undefined) return undefined;
  try {
    const local = Temporal.PlainDateTime.from(
      {
        year: Number(year),
        month: Number(month ?? 1),
        day: Number(day ?? 1),
        hour: Number(hour ?? 0),
        minute: Number(minute ?? 0),
        second: Number(second ?? 0),
      },
      { overflow: "reject" },
    );
    return { local, offset: offset === undefined ? undefined : `${offset.slice(0, 3)}:${offset.slice(3)}` };
  } catch {
    return undefined; // 30 February, hour 25
  }
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");
