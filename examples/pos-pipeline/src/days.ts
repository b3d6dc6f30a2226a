import { daily } from "@iroko/core";

/** The first day that is kept: what a clock puts before it cannot be. */
export const start = "2026-11-01";
export const timezone = "Africa/Lagos";

export const days = daily({ start, timezone });
