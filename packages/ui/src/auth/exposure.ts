/**
 * Who can reach the server, and so whether it asks who is there. On this machine's own address it does not: whoever is on
 * the machine is its user. In any other case it wants people or tokens that may enter, its public address, and TLS.
 */
import { IrokoError } from "@iroko/core";

export interface ExposureOptions {
  readonly host: string;
  readonly port: number;
  /** The address that people type: `https://iroko.example`. */
  readonly publicUrl?: string | undefined;
  /** The server speaks TLS itself. */
  readonly hasTls: boolean;
  /** A proxy in front of it does, and says so in X-Forwarded-Proto and X-Forwarded-For. */
  readonly behindProxy: boolean;
}

export type Exposure =
  { readonly kind: "loopback" } | { readonly kind: "public"; readonly origin: string; readonly behindProxy: boolean };

const loopback = new Set(["127.0.0.1", "::1", "localhost"]);

/** @throws {IrokoError} HOST_NOT_ALLOWED, which names all that is missing; PUBLIC_URL */
export async function exposureOf(options: ExposureOptions, mayAnybodyEnter: () => Promise<boolean>): Promise<Exposure> {
  const { host, port, publicUrl, hasTls, behindProxy } = options;
  // A proxy on this machine reaches the loopback address, too: what comes through it is not this machine's user.
  if (loopback.has(host) && publicUrl === undefined && !hasTls && !behindProxy) return { kind: "loopback" };
  const origin = publicUrl === undefined ? undefined : originOf(publicUrl);
  const lacks = [
    ...(origin === undefined ? ["its public address: --public-url https://iroko.example"] : []),
    ...(hasTls || behindProxy ? [] : ["TLS: --tls-cert FILE --tls-key FILE, or --behind-proxy where a proxy has it"]),
    ...((await mayAnybodyEnter()) ? [] : ["somebody who may sign in: iroko users add NAME --role admin"]),
  ];
  if (origin !== undefined && lacks.length === 0) return { kind: "public", origin, behindProxy };
  const tunnel = port === 0 ? 3939 : port;
  throw new IrokoError("HOST_NOT_ALLOWED", `The server does not listen on ${host} for others yet. It lacks:`, {
    hint: `${lacks.join("\n")}\nFor yourself alone, leave all of these out and use a tunnel: ssh -L ${tunnel}:127.0.0.1:${tunnel} <this machine>`,
  });
}

function originOf(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "https:" && `${url.origin}/` === url.href) return url.origin;
  throw new IrokoError("PUBLIC_URL", `${JSON.stringify(text)} is no address that browsers could open by TLS.`, {
    hint: "It is https://, a name and, if need be, a port: --public-url https://iroko.example",
  });
}
