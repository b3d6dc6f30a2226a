import { readFileSync } from "node:fs";

/** Changes with each start of the machine: tells a power cut from a killed process. "unknown" where no system says it. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}
