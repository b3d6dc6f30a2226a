/** versitygw over a folder: the second S3 server that everything has to work with. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { dataFolder, goTool, type S3Server, type S3ServerKind, skipWithout, startS3Server } from "./s3-server.ts";

export const versitygw: S3ServerKind = {
  name: "versitygw",
  tool: goTool("versitygw", "github.com/versity/versitygw/cmd/versitygw@v1.8.0"),
  arguments: (port, folder) => {
    const sidecar = join(folder, "sidecar"); // metadata as files: not every temp folder has extended attributes
    for (const each of [sidecar, dataFolder(folder)]) mkdirSync(each);
    return ["--port", `127.0.0.1:${port}`, "--quiet", "posix", "--sidecar", sidecar, dataFolder(folder)];
  },
  environment: (user, password) => ({ ROOT_ACCESS_KEY: user, ROOT_SECRET_KEY: password }),
};

/** For `test("…", { skip: skipWithoutVersitygw }, …)`. */
export const skipWithoutVersitygw: string | false = skipWithout(versitygw);

export async function startVersitygw(): Promise<S3Server> {
  return await startS3Server(versitygw);
}
