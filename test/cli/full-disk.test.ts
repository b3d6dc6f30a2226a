import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { cliProject, type CliProject } from "./cli-project.ts";

const big = `
  import { z } from "zod";
  import { define } from "@iroko/core";
  import { parquet, sqlAsset } from "@iroko/assets";
  export const big = sqlAsset({
    key: "big", schema: z.object({ id: z.string() }), output: parquet({ path: "big" }),
    sql: "select (md5(i::varchar) || md5((i + 1)::varchar)) as id from range(400000) t(i)",
  });
  export default define({ assets: [big] });
`;

/** A file system of a few megabytes, as only root can make one. */
function mountSmall(folder: string): string | undefined {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return `no small file system can be mounted here: ${(error as Error).message.split("\n", 1)[0]}`;
  }
}

test("a full disk: the step fails with DISK_FULL or STORE_FULL, nothing half done is seen, and there is room again it is made", async (t) => {
  await using project: CliProject = await cliProject({ "iroko.config.ts": big });
  const store = project.file("small");
  const why = mountSmall(store);
  if (why !== undefined) return t.skip(why);
  try {
    await project.write("small/filler", "x".repeat(5_500_000));
    const full = await project.iroko(["materialize", "-s", "big"], { env: { IROKO_STORE: store } });
    assert.equal(full.exitCode, 1, full.stderr);
    assert.match(full.stderr, /failed big[^]*(DISK_FULL|STORE_FULL) /);
    assert.ok(!existsSync(`${store}/big.parquet`), "no part of a file is shown");

    rmSync(`${store}/filler`);
    execFileSync("mount", ["-o", "remount,size=200m", store], { stdio: "pipe" });
    const again = await project.iroko(["materialize", "-s", "big"], { env: { IROKO_STORE: store } });
    assert.equal(again.exitCode, 0, again.stderr);
    assert.ok(existsSync(`${store}/big.parquet`));
  } finally {
    execFileSync("umount", ["-l", store], { stdio: "pipe" });
  }
});
