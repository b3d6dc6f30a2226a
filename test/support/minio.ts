/** MinIO as our deployment files configure it. */
import { after, before } from "node:test";
import { dataFolder, goTool, type S3Server, type S3ServerKind, skipWithout, startS3Server } from "./s3-server.ts";

export const minio: S3ServerKind = {
  name: "minio",
  tool: goTool("minio", "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"),
  arguments: (port, folder) => [
    "server",
    "--quiet",
    "--address",
    `127.0.0.1:${port}`,
    "--console-address",
    "127.0.0.1:0",
    dataFolder(folder),
  ],
  environment: (user, password) => ({
    MINIO_ROOT_USER: user,
    MINIO_ROOT_PASSWORD: password,
    MINIO_FS_OSYNC: "on",
    MINIO_BROWSER: "off",
    MINIO_UPDATE: "off",
  }),
};

/** For `test("…", { skip: skipWithoutMinio }, …)`. */
export const skipWithoutMinio: string | false = skipWithout(minio);

export async function startMinio(): Promise<S3Server> {
  return await startS3Server(minio);
}

/** One for all tests of a file; its own process and its children find it by the AWS SDK's variables. */
export function minioOfFile(): { readonly server: S3Server } {
  let server: S3Server | undefined;
  before(async () => {
    if (skipWithoutMinio) return;
    server = await startMinio();
    Object.assign(process.env, server.env);
  });
  after(() => server?.stop());
  return {
    get server() {
      if (server === undefined) throw new Error("MinIO runs from the first test of the file on.");
      return server;
    },
  };
}
