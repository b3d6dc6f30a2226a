/**
 * A proxy before an S3 server that sees its requests: it loses answers, cuts bodies and answers in the server's place. What a
 * bad link does to bytes, whoever speaks, is `fault-proxy.ts`.
 */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Fault =
  /** The server did what was asked; nobody is told. */
  | { readonly kind: "loseAnswer" }
  /** As many bytes of the answer's body, then the connection is gone. */
  | { readonly kind: "cutBody"; readonly after: number }
  | { readonly kind: "answer"; readonly status: number; readonly code: string }
  /** Passed on only then. */
  | { readonly kind: "hold"; readonly until: Promise<void> }
  /** Neither an answer nor an end. */
  | { readonly kind: "silence" };

export interface HttpFaultProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Decides on each request; undefined lets it through. */
  decide: (method: string, url: string, headers: IncomingMessage["headers"]) => Fault | undefined;
  /** "METHOD /bucket/key?query" of every request, in order. */
  readonly requests: string[];
}

export async function startHttpFaultProxy(target: string): Promise<HttpFaultProxy> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const [method = "", url = ""] = [incoming.method, incoming.url];
    requests.push(`${method} ${url}`);
    const fault = proxy.decide(method, url, incoming.headers);
    if (fault?.kind === "silence") return;
    if (fault?.kind === "answer") {
      incoming.resume();
      outgoing.writeHead(fault.status, { "content-type": "application/xml" });
      outgoing.end(`<Error><Code>${fault.code}</Code><Message>from the proxy</Message></Error>`);
      return;
    }
    // The Host header stays as it is: it is part of the signature.
    const onward = request(new URL(url, target), { method, headers: incoming.headers }, (answer) =>
      pass(answer, outgoing, fault),
    );
    onward.on("error", () => outgoing.destroy());
    const passOn = (): unknown => incoming.pipe(onward);
    if (fault?.kind === "hold") void fault.until.then(passOn);
    else passOn();
  });
  const proxy: HttpFaultProxy = {
    endpoint: "",
    decide: () => undefined,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref(); // holds up no process: where no test of a file is asked for, no hook closes it
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(proxy, { endpoint });
}

function pass(answer: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
  if (fault?.kind === "loseAnswer") {
    answer.resume().on("end", () => outgoing.destroy());
    return;
  }
  outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  if (fault?.kind !== "cutBody") {
    answer.pipe(outgoing);
    return;
  }
  let passed = 0;
  answer.on("data", (chunk: Buffer) => {
    const rest = chunk.subarray(0, Math.max(0, fault.after - passed));
    passed += chunk.length;
    outgoing.write(rest, () => passed > fault.after && outgoing.destroy());
  });
  answer.on("end", () => outgoing.end());
}
