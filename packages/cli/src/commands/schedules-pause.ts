import type { CliCommand } from "../command.ts";
import { pauseCommand } from "../schedules/pause-command.ts";

const command: CliCommand = pauseCommand(true);

export default command;
