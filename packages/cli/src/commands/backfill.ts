import type { CliCommand } from "../command.ts";
import { makeCommand, type MakeCommandOptions } from "../runs/make-command.ts";

const command: CliCommand<MakeCommandOptions> = makeCommand([
  "iroko backfill --select '+daily_revenue_summary' --from 2026-11-01 --to 2026-11-07",
  "iroko backfill --select '*' --stale --order newest --policy range",
]);

export default command;
