import type { CliCommand } from "../command.ts";
import type { ProjectOptions } from "../project.ts";
import type { MakeOptions } from "../runs/make-assets.ts";
import { makeCommand } from "../runs/make-command.ts";

const command: CliCommand<MakeOptions & ProjectOptions> = makeCommand([
  "iroko materialize --select '*' --partition 2026-11-02",
  "iroko materialize --select '+daily_revenue_summary' --partition last:1 --json",
]);

export default command;
