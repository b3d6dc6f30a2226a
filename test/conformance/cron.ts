import { isDeepStrictEqual } from "node:util";
import { ticks, validateCron } from "@iroko/core";
import { z } from "zod";
import { topic, type Topic } from "./topic.ts";

const expression = z.union([z.string(), z.array(z.string())]);

export const cron: Topic = topic({
  name: "cron",
  input: z.union([
    z.strictObject({ cron: expression, validate: z.literal(true) }),
    z.strictObject({
      cron: expression,
      timezone: z.string(),
      start: z.string(),
      direction: z.enum(["forward", "backward"]),
      count: z.number(),
    }),
  ]),
  expected: z.union([
    z.strictObject({ valid: z.boolean() }),
    z.strictObject({ ticks: z.array(z.string()), documented_rule_ticks: z.array(z.string()).optional() }),
  ]),
  answer: (input) => {
    if ("validate" in input) return { valid: validateCron(input.cron) === undefined };
    const found = ticks(input.cron, input.timezone, Temporal.Instant.from(input.start), input.direction);
    return { ticks: [...found.take(input.count)].map((tick) => tick.toString()) };
  },
  // Where Dagster departs from the rule that it documents, the rule decides.
  agrees: (answer, expected) =>
    isDeepStrictEqual(
      answer,
      "valid" in expected ? expected : { ticks: expected.documented_rule_ticks ?? expected.ticks },
    ),
});
