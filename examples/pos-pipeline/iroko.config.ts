import { define, job, schedule } from "@iroko/core";
import { cleaned } from "./src/cleaned.ts";
import { deliveries, landing } from "./src/landing.ts";
import { merchants, merchantsFile } from "./src/merchants.ts";
import { revenue } from "./src/revenue.ts";

const dailyPosPipeline = job({ key: "daily_pos_pipeline", select: "*" });

const nightly = schedule({
  key: "nightly",
  job: dailyPosPipeline,
  cron: "0 2 * * *",
  timezone: "Africa/Lagos",
  description: "Every day that has ended since the last time, so that nights without power lose none.",
});

export default define({
  assets: [deliveries, landing, merchantsFile, merchants, cleaned, revenue],
  jobs: [dailyPosPipeline],
  schedules: [nightly],
});
