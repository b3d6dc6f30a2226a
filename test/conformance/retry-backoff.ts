import { defaultRetryPolicy, retryDelaySeconds, type RetryPolicy } from "@iroko/core";
import { z } from "zod";
import { topic, type Topic } from "./topic.ts";

const tolerance = 1e-9;
const delays = z.strictObject({ delays: z.array(z.number()) });

export const retryBackoff: Topic = topic({
  name: "retry_backoff",
  input: z.strictObject({
    policy: z.strictObject({
      max_retries: z.number().default(1),
      delay: z.number().default(0),
      backoff: z.enum(["linear", "exponential"]).optional(),
    }),
  }),
  expected: delays,
  answer: ({ policy: { max_retries: maxRetries, delay: baseSeconds, backoff } }) => {
    const policy: RetryPolicy = {
      ...defaultRetryPolicy,
      maxRetries,
      baseSeconds,
      backoff: backoff ?? "constant",
      capSeconds: Infinity,
    };
    return { delays: Array.from({ length: maxRetries }, (_, retry) => retryDelaySeconds(policy, { retry }, 0.5)) };
  },
  agrees: (answer, expected) => {
    const given = delays.parse(answer).delays;
    return (
      given.length === expected.delays.length &&
      given.every((seconds, n) => Math.abs(seconds - expected.delays[n]!) <= tolerance)
    );
  },
});
