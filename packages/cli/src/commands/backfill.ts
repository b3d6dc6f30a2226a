import type { CliCommand } from "../command.ts";
import type { ProjectOptions } from "../project.ts";
import type { MakeOptions } from "../runs/make-assets.ts";
import { makeCommand } from "../runs/make-command.ts";

const command: CliCommand<MakeOptions & ProjectOptions> = makeCommand([
  "iroko backfill --select '+daily_revenue_summary' --from 2026-11-01 --to 2026-11-07",
  "iroko backfill --select '*' --stale --order newest --policy range",
]);

export default command;
