/** Disks in files: the first one, on which nothing has happened yet, its copies, and one that is recorded. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitFor } from "../../support/wait-for.ts";
import { disk, lab, output, project } from "./place.ts";
import { writeProject } from "./project.ts";

const run = promisify(execFile);
const sizeBytes = 2 ** 31; // holes, mostly
const first = join(lab, "first.img");

/** Makes room for disks, in memory, and the first of them. */
export async function makeFirstDisk(): Promise<void> {
  await run("mount", ["-t", "tmpfs", "-o", "size=4g,mode=755", "lab", lab]);
  for (const folder of [disk, output]) mkdirSync(folder);
  writeFileSync(first, "");
  truncateSync(first, sizeBytes);
  await run("mkfs.ext4", ["-q", "-F", first]);
  await mountImage(first);
  writeProject(project);
  await unmount(disk);
}

export async function copyFirstDisk(name: string): Promise<string> {
  const copy = join(lab, name);
  await run("cp", ["--sparse=always", first, copy]);
  return copy;
}

export interface RecordedDisk {
  /** The file that the machine takes for its disk. */
  readonly image: string;
  readonly log: string;
  /** How much has been recorded. */
  position(): number;
  close(): Promise<void>;
}

export async function recordedDisk(): Promise<RecordedDisk> {
  const [image, log] = [join(lab, "device"), join(lab, "log")];
  for (const file of [image, log]) writeFileSync(file, "");
  const recorder = spawn(
    process.execPath,
    [join(import.meta.dirname, "recorder.ts"), await copyFirstDisk("recorded.img"), log, image],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  const ends = once(recorder, "exit");
  await waitFor("the recorder", () => statSync(image).size > 0 || failIfDead(recorder.exitCode), { seconds: 60 });
  return {
    image,
    log,
    position: () => statSync(log).size,
    async close() {
      await unmount(image);
      await ends;
    },
  };
}

function failIfDead(exitCode: number | null): false {
  if (exitCode === null) return false;
  throw new Error(`the recorder ended with ${exitCode}`);
}

/** Mounts the file system in a file. Its loop device goes with the mount. */
export async function mountImage(image: string): Promise<void> {
  const device = (await run("losetup", ["--find", "--show", "--direct-io=on", image])).stdout.trim();
  try {
    await run("mount", ["-o", "noatime,noinit_itable", device, disk]);
  } finally {
    await run("losetup", ["--detach", device]); // now, or with its last use
  }
}

/** Again until nobody is in it: the namespaces of a machine without power take a moment to be gone. */
export async function unmount(path: string): Promise<void> {
  const once = (): Promise<boolean> =>
    run("umount", [path]).then(
      () => true,
      () => false,
    );
  await waitFor(`${path} to be unmounted`, once, { seconds: 60 });
}
