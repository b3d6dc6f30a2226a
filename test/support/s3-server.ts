/** A real S3 server on a free port of 127.0.0.1, over a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { endWithUs } from "./end-with-us.ts";
import { createTempDir } from "./temp-dir.ts";
import { findTool, type Tool, toolFolder } from "./tools.ts";
import { waitFor } from "./wait-for.ts";

export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Made already. */
  readonly bucket: string;
  /** The same by the AWS SDK's own variables, for a subprocess. */
  readonly env: Readonly<Record<string, string>>;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface S3ServerKind {
  readonly name: string;
  /** The program, or why there is none: `{ skip: "missing" in kind.tool && kind.tool.missing }`. */
  readonly tool: Tool;
  arguments(port: number, folder: string): readonly string[];
  environment(accessKeyId: string, secretAccessKey: string): Readonly<Record<string, string>>;
}

/** A `skip` for node:test: a sentence when the server's program is missing, else false. */
export function skipWithout(kind: S3ServerKind): string | false {
  return "missing" in kind.tool ? kind.tool.missing : false;
}

export function goTool(name: string, module: string): Tool {
  return findTool([name], `GOBIN=${toolFolder} go install ${module}`);
}

export async function startS3Server(kind: S3ServerKind): Promise<S3Server> {
  if ("missing" in kind.tool) throw new Error(kind.tool.missing);
  const folder = createTempDir(kind.name);
  const port = await freePort();
  const [accessKeyId, secretAccessKey, bucket, region] = ["iroko-test", "iroko-test-secret", "iroko", "us-east-1"];
  const child = spawn(kind.tool.path, kind.arguments(port, folder.path), {
    cwd: folder.path,
    env: { ...process.env, ...kind.environment(accessKeyId, secretAccessKey) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  // Holds up no process that has nothing left to do: where no test of a file is asked for, no hook stops what another began.
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as Socket).unref();
  // Ends with this process even when it is killed by the runner's time limit's SIGTERM.
  const killIt = (): boolean => child.kill("SIGKILL");
  process.once("exit", killIt);
  if (child.pid !== undefined) endWithUs(child.pid);
  const stop = async (): Promise<void> => {
    process.removeListener("exit", killIt);
    await end(child);
    folder[Symbol.dispose]();
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  try {
    await waitFor(`${kind.name} to make a bucket`, () => makeBucket(client, bucket, () => hasEnded(child)), {
      seconds: 30,
      everyMilliseconds: 30,
    });
  } catch (error) {
    await stop();
    throw new Error(`${kind.name} did not start:\n${output}`, { cause: error });
  } finally {
    client.destroy();
  }
  const env = {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const pid = child.pid ?? 0;
  return { endpoint, region, accessKeyId, secretAccessKey, bucket, env, pid, stop, [Symbol.asyncDispose]: stop };
}

async function makeBucket(client: S3Client, bucket: string, isOver: () => boolean): Promise<boolean> {
  if (isOver()) throw new Error("it ended");
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    return name === "BucketAlreadyOwnedByYou";
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, "exit");
  child.ref();
  child.kill("SIGKILL");
  await exit;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export const dataFolder = (folder: string): string => join(folder, "data");
