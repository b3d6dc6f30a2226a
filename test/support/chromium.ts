/** Where Chromium is, for playwright-core's `executablePath`. */
import { findTool, type Tool } from "./tools.ts";

export const chromium: Tool = findTool(
  ["chromium", "chromium-browser", "google-chrome", "chrome"],
  "apt-get install chromium",
);

/** For `test("…", { skip: skipWithoutChromium }, …)`. */
export const skipWithoutChromium: string | false = "missing" in chromium ? chromium.missing : false;
