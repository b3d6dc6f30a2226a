/**
 * Servers that are to end with this process even where it is killed -9: a shell waits for the other end of a pipe, which the
 * system closes then, and kills them. At an orderly end it goes first.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

const script = `
  while read -r each; do all="$all $each"; done
  for each in $all; do case $each in /*) each=$(head -n 1 "$each") ;; esac; kill -QUIT "$each"; done
`;

let watchdog: ChildProcess | undefined;

/** @param server its process id, or a file whose first line is one */
export function endWithUs(server: number | string): void {
  watchdog ??= start();
  watchdog.stdin?.write(`${server}\n`);
}

function start(): ChildProcess {
  // In a group of its own: a Ctrl-C for this process is not meant for it.
  const child = spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.on("error", () => {}); // no shell, no watchdog
  child.stdin.on("error", () => {});
  child.unref();
  (child.stdin as unknown as Socket).unref();
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
}
