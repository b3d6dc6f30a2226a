import { before, after } from "node:test";
import { openStore } from "@iroko/assets";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import type { S3Server } from "../support/s3-server.ts";
import { skipWithoutVersitygw, startVersitygw } from "../support/versitygw.ts";
import { exerciseStore } from "./exercise-store.ts";

for (const { name, start, skip } of [
  { name: "MinIO", start: startMinio, skip: skipWithoutMinio },
  { name: "versitygw", start: startVersitygw, skip: skipWithoutVersitygw },
]) {
  let server: S3Server | undefined;
  before(async () => {
    if (skip === false) server = await start();
  });
  after(async () => {
    await server?.stop();
  });
  exerciseStore(name, {
    open: () => openStore(`s3://${server?.bucket}/some/prefix`, server === undefined ? {} : { env: server.env }),
    skip,
  });
}
