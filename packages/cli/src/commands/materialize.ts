import type { CliCommand } from "../command.ts";
import { makeCommand, type MakeCommandOptions } from "../runs/make-command.ts";

const command: CliCommand<MakeCommandOptions> = makeCommand([
  "iroko materialize --select '*' --partition 2026-11-02",
  "iroko materialize --select '+daily_revenue_summary' --partition last:1 --json",
]);

export default command;
