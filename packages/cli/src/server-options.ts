import { InvalidArgumentError, type Command } from "commander";
import type { ServerOptions } from "@iroko/ui";
import { UsageError } from "./usage-error.ts";

export interface ServerCommandOptions {
  readonly port: number;
  readonly host?: string;
  readonly publicUrl?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy?: boolean;
}

/** The options of the commands that serve the page. */
export function withServerOptions(command: Command): Command {
  return command
    .option("--port <n>", "0 takes any that is free", parsePort, 3939)
    .option("--host <address>", "to listen on (default: 127.0.0.1)")
    .option("--public-url <url>", "what others call it, https://…: they have to sign in")
    .option("--tls-cert <file>", "a certificate in PEM: the server speaks TLS")
    .option("--tls-key <file>", "its key in PEM")
    .option("--behind-proxy", "a proxy in front speaks TLS and sends X-Forwarded-Proto and -For");
}

export function serverOptions(
  options: ServerCommandOptions,
): Pick<ServerOptions, "port" | "host" | "publicUrl" | "tls" | "behindProxy"> {
  const { port, host, publicUrl, tlsCert: cert, tlsKey: key, behindProxy } = options;
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError("--tls-cert and --tls-key go together.", "Give both, or neither.");
  return {
    port,
    ...(host === undefined ? {} : { host }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    ...(behindProxy === undefined ? {} : { behindProxy }),
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It is a number from 0 to 65535.");
}
