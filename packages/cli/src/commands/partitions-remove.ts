import type { CliCommand } from "../command.ts";
import { changeKeysCommand, type ChangeKeysOptions } from "../partitions/change-keys-command.ts";

const command: CliCommand<ChangeKeysOptions> = changeKeysCommand("remove");

export default command;
