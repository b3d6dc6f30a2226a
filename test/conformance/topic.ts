/** A topic of the vectors: how its inputs are put to Iroko's public functions, and when an answer is the expected one. */
import { isDeepStrictEqual } from "node:util";
import { IrokoError } from "@iroko/core";
import { z } from "zod";

/** A case of a vector file, made ready to be asked. */
export interface Case {
  readonly topic: string;
  readonly name: string;
  /** `disputable: …` or `bug: …`, where Dagster's own answer deserves thought. */
  readonly note: string | undefined;
  readonly input: unknown;
  readonly expected: unknown;
  /** As `answer`, but throws what Iroko refuses it with. */
  ask(): unknown;
  /** What Iroko answers, in the form of `expected`; what it refuses is `{ error: code }`. */
  answer(): unknown;
  agrees(answer: unknown): boolean;
}

export interface Topic {
  /** Of the file too: `cron` is in `cron.json`. */
  readonly name: string;
  /** A case that is not written as the topic's cases are throws when it is asked: it must not pass for a passed one. */
  read(text: string): readonly Case[];
}

interface TopicOptions<Input, Expected> {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly expected: z.ZodType<Expected>;
  readonly answer: (input: Input) => unknown;
  /** Of answers that are no refusals. Default: equal in every value. */
  readonly agrees?: (answer: unknown, expected: Expected) => boolean;
}

/** Expected where the input must be rejected, whatever the error. */
const rejected = z.looseObject({ error: z.literal(true) });

export function topic<Input, Expected>({
  name: topicName,
  input: inputSchema,
  expected: expectedSchema,
  answer,
  agrees = isDeepStrictEqual,
}: TopicOptions<Input, Expected>): Topic {
  const refusal = z.strictObject({
    name: z.string(),
    input: z.unknown(),
    expected: rejected,
    note: z.string().optional(),
  });
  const question = z.strictObject({
    name: z.string(),
    input: inputSchema,
    expected: expectedSchema,
    note: z.string().optional(),
  });
  const caseOf = (json: unknown): Case => {
    // Of an input that must be refused no more is known than that.
    const refused = refusal.safeParse(json);
    if (refused.success) {
      const { name, input, expected, note } = refused.data;
      const ask = (): unknown => answer(inputSchema.parse(input));
      const asked = { topic: topicName, name, input, expected, note, ask };
      return { ...asked, answer: () => attempt(ask), agrees: isRefusal };
    }
    const read = question.safeParse(json);
    if (!read.success) return misread(topicName, json, read.error);
    const { name, input, expected, note } = read.data;
    const ask = (): unknown => answer(input);
    return {
      topic: topicName,
      name,
      input,
      expected,
      note,
      ask,
      answer: () => attempt(ask),
      agrees: (given) => !isRefusal(given) && agrees(given, expected),
    };
  };
  return { name: topicName, read: (text) => z.array(z.unknown()).parse(JSON.parse(text)).map(caseOf) };
}

function misread(topicName: string, json: unknown, error: z.ZodError): Case {
  const { name, input, expected } = z.looseObject({ name: z.string() }).parse(json);
  const ask = (): never => {
    throw new Error(`The case is not written as those of ${topicName}: ${z.prettifyError(error)}`);
  };
  return { topic: topicName, name, note: undefined, input, expected, ask, answer: ask, agrees: () => false };
}

function attempt(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof IrokoError)) throw error;
    return { error: error.code };
  }
}

function isRefusal(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "error" in answer;
}
