/** A server that others can reach, as its proxy does: on this machine, by its public name, with TLS said in a header. */
import { request } from "node:http";
import { after, before } from "node:test";
import type { Role } from "@iroko/core/client";
import { addUser, createToken, type Database } from "@iroko/core/engine";
import { startServer, type RunningServer, type ServerOptions } from "@iroko/ui";
import { sample, type RawAnswer, type Sample } from "./sample.ts";

export const origin = "https://iroko.example";
export const password = "four words, unrelated";

export interface PublicServer extends AsyncDisposable {
  readonly server: RunningServer;
  /** A request by way of the proxy; only what is not given is what the proxy would send. */
  ask(method: string, path: string, options?: AskOptions): Promise<RawAnswer>;
  /** The headers of somebody who has signed in. */
  signIn(name: string, secret?: string): Promise<Readonly<Record<string, string>>>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Who the proxy says it is. */
  readonly address?: string;
}

export async function publicServer(db: Database, options: Partial<ServerOptions> = {}): Promise<PublicServer> {
  const server = await startServer({
    instance: { db },
    port: 0,
    publicUrl: origin,
    behindProxy: true,
    checkAnswers: true,
    ...options,
  });
  const { port } = server;
  const ask: PublicServer["ask"] = async (method, path, { headers = {}, body = "", address = "192.0.2.1" } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    const call = request(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        setHost: false,
        headers: {
          host: "iroko.example",
          "x-forwarded-proto": "https",
          "x-forwarded-for": address,
          "content-length": `${Buffer.byteLength(body)}`,
          ...headers,
        },
      },
      (answer) => {
        const tell = (text: string): void =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
        // What goes on for ever is told by its beginning.
        if (answer.headers["content-type"]?.startsWith("text/event-stream") === true) {
          tell("");
          return void call.destroy();
        }
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => tell(text));
      },
    );
    call.on("error", reject);
    call.end(body);
    return promise;
  };
  return {
    server,
    ask,
    async signIn(name, secret = password) {
      const answer = await ask("POST", "/login", asForm({ name, password: secret }));
      if (answer.status !== 303) throw new Error(`${name} could not sign in: ${answer.status} ${answer.body}`);
      return cookiesOf(answer);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** A form as the page's own browser sends it. */
export function asForm(fields: Readonly<Record<string, string>>): AskOptions {
  return {
    headers: { origin, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  };
}

/** What a browser sends back: its cookies, and from its page the token against forged requests. */
export function cookiesOf({ headers }: RawAnswer): Readonly<Record<string, string>> {
  const cookies = [headers["set-cookie"] ?? []].flat().map((cookie) => cookie.split(";", 1)[0]!);
  const csrf = cookies.find((cookie) => cookie.startsWith("__Host-iroko-csrf="))?.split("=")[1] ?? "";
  return { cookie: cookies.join("; "), "x-iroko-csrf": csrf, origin, "content-type": "application/json" };
}

export const roleNames: readonly Role[] = ["viewer", "operator", "admin"];

/** A user of each role, by the role's name, and a token of each. */
export async function peopleOf(db: Database): Promise<Readonly<Record<Role, string>>> {
  const tokens: Partial<Record<Role, string>> = {};
  for (const role of roleNames) {
    await addUser(db, { name: role, role, password });
    const machine = { kind: "machine", name: "test", role: "admin" } as const;
    tokens[role] = (await createToken(db, machine, { name: role, role })).token;
  }
  return tokens as Record<Role, string>;
}

export const bearer = (token: string): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${token}`,
  "content-type": "application/json",
});

export interface PublicSite {
  readonly at: Sample;
  readonly front: PublicServer;
  readonly tokens: Readonly<Record<Role, string>>;
}

/**
 * What tests of who may do what begin with, there before the first of a file and gone after its last: the sample, a user and
 * a token of each role, and a server that others can reach.
 */
export function publicSite(options: Partial<ServerOptions> = {}): PublicSite {
  let site: PublicSite;
  before(async () => {
    const at = await sample({ worker: false });
    const tokens = await peopleOf(at.instance.db);
    site = { at, tokens, front: await publicServer(at.instance.db, options) };
  });
  after(async () => {
    await site.front[Symbol.asyncDispose]();
    await site.at[Symbol.asyncDispose]();
  });
  return {
    get at() {
      return site.at;
    },
    get front() {
      return site.front;
    },
    get tokens() {
      return site.tokens;
    },
  };
}
