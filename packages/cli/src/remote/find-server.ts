/** Which server a command asks instead of a database: --server, else IROKO_SERVER. The token comes by IROKO_TOKEN only. */
import { IrokoError } from "@iroko/core";
import { openClient, type Client } from "@iroko/core/client";
import type { ProjectOptions } from "../project.ts";
import { UsageError } from "../usage-error.ts";

export interface RemoteServer {
  readonly url: string;
  readonly client: Client;
  /** The code location that was named; undefined: the one there is. */
  readonly location: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {IrokoError} SERVER_URL */
export function findServer(options: ProjectOptions, env: Environment = process.env): RemoteServer | undefined {
  const given = options.server ?? env["IROKO_SERVER"];
  if (!given) return undefined;
  if (options.server === undefined && env["DATABASE_URL"]) {
    throw new UsageError(
      "IROKO_SERVER and DATABASE_URL are both set: one of them says where the instance is.",
      "Unset the other one, or name the server with --server.",
    );
  }
  if (options.definitions !== undefined)
    throw new UsageError("--definitions is for a project here: a server goes by what has been deployed to it.");
  const url = readUrl(given);
  const token = env["IROKO_TOKEN"] || undefined;
  if (token !== undefined && url.protocol === "http:" && !loopback.has(url.hostname)) {
    throw new IrokoError("SERVER_URL", `A token would travel readable by anybody to ${url.origin}.`, {
      hint: "Use the server's https:// address, or a tunnel: ssh -L 3939:127.0.0.1:3939 <its machine>",
    });
  }
  const fetchAs = token === undefined ? askForToken : fetch;
  return {
    url: url.origin,
    client: openClient({ url: url.origin, fetch: fetchAs, ...(token === undefined ? {} : { token }) }),
    location: options.location,
  };
}

const loopback = new Set(["127.0.0.1", "[::1]", "localhost"]);

function readUrl(text: string): URL {
  const url = URL.parse(text);
  const isPlain = url !== null && `${url.origin}/` === url.href;
  if (isPlain && (url.protocol === "https:" || url.protocol === "http:")) return url;
  // The address may hold a password or a token: it is not repeated.
  throw new IrokoError("SERVER_URL", "What --server or IROKO_SERVER holds is no server's address.", {
    hint: "It is http:// or https://, a name and, if need be, a port: https://iroko.example. A token goes into IROKO_TOKEN.",
  });
}

/** Without a token, the server's refusal is told with what a command line can do about it. */
const askForToken: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init);
  if (answer.status !== 401) return answer;
  throw new IrokoError("SIGN_IN_NEEDED", `The server at ${new URL(answer.url).origin} wants to know who you are.`, {
    hint: "Put a token into IROKO_TOKEN. One is made on the server's machine: iroko tokens create NAME --role operator",
  });
};
