import { InvalidArgumentError, type Command } from "commander";

export interface ServerCommandOptions {
  readonly port: number;
  readonly host?: string;
}

/** The options of the commands that serve the page. */
export function withServerOptions(command: Command): Command {
  return command
    .option("--port <n>", "0 takes any that is free", parsePort, 3939)
    .option("--host <address>", "to listen on (default: 127.0.0.1)");
}

export function serverOptions({ port, host }: ServerCommandOptions): ServerCommandOptions {
  return { port, ...(host === undefined ? {} : { host }) };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It is a number from 0 to 65535.");
}
