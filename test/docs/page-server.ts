/**
 * The server that docs/guide/deploy.md sets up, in a folder: its files at the page's paths below a root, its ports free ones,
 * its units started as systemd would, its commands run by bash. What a machine's administrator has and a test has
 * not (other users, systemd itself) is stood in for; nothing else.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { waitFor } from "../support/wait-for.ts";

export interface PageServerOptions {
  readonly root: string;
  /** What the page's addresses stand for: `127.0.0.1:9000` → `127.0.0.1:41234`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Programs and folders that are there already, by the page's path. */
  readonly links: Readonly<Record<string, string>>;
}

export class PageServer implements AsyncDisposable {
  readonly #options: PageServerOptions;
  readonly #running = new Map<string, Service>();

  constructor(options: PageServerOptions) {
    this.#options = options;
    for (const [path, target] of Object.entries(options.links)) {
      mkdirSync(dirname(this.path(path)), { recursive: true });
      symlinkSync(target, this.path(path));
    }
    this.#standIn("sudo", 'if [ "$1" = -u ]; then shift 2; fi\nexec "$@"');
    this.#standIn("chgrp", "exit 0");
  }

  path(path: string): string {
    return this.#options.root + path;
  }

  /** A text of the page, as it reads on this server. */
  here(text: string): string {
    const { root, addresses } = this.#options;
    const placed = text.replaceAll(/(?<![\w/.-])\/(?=(?:etc|srv|var\/lib|usr\/local\/bin)\/)/g, `${root}/`);
    return Object.entries(addresses).reduce((all, [address, real]) => all.replaceAll(address, real), placed);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), this.here(text));
  }

  /** Runs a block's lines in their order and returns what they printed; `sudo systemctl …` is done here. */
  async run(block: string): Promise<string> {
    let printed = "";
    let script = "";
    for (const line of [...block.split("\n"), "sudo systemctl daemon-reload"]) {
      const command = /^sudo systemctl (.*)$/.exec(line)?.[1];
      if (command === undefined) {
        script += `${line}\n`;
        continue;
      }
      if (script.trim() !== "") printed += await this.#shell(this.here(script));
      script = "";
      await this.#systemctl(command);
    }
    return printed;
  }

  journal(unit: string): string {
    return this.#running.get(unit)?.journal ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map(async (service) => await service.kill()));
  }

  async #systemctl(command: string): Promise<void> {
    const [verb, ...units] = command.split(" ").filter((word) => word !== "--now");
    for (const unit of units) {
      if (verb === "stop") {
        await this.#running.get(unit)?.stop();
        this.#running.delete(unit);
      } else {
        assert.ok(verb === "enable" || verb === "start", `systemctl ${verb}`);
        this.#running.set(unit, startService(readUnit(this.path(`/etc/systemd/system/${unit}`)), this.#options.root));
      }
    }
  }

  async #shell(script: string): Promise<string> {
    const env = {
      PATH: `${this.path("/stand-ins")}:${this.path("/usr/local/bin")}:/usr/bin:/bin`,
      HOME: this.path("/root"),
      NO_COLOR: "1",
    };
    return await new Promise((resolve, reject) => {
      execFile(
        "bash",
        ["--norc", "-euo", "pipefail", "-c", script],
        { env, timeout: 120_000 },
        (error, stdout, stderr) => {
          if (error === null) resolve(`${stdout}\n${stderr}`);
          else reject(new Error(`ended with ${error.code}:\n${script}\n${stdout}\n${stderr}\n${this.#journals()}`));
        },
      );
    });
  }

  #journals(): string {
    return [...this.#running].map(([unit, { journal }]) => `-- ${unit}\n${journal}`).join("\n");
  }

  #standIn(name: string, script: string): void {
    const file = this.path(`/stand-ins/${name}`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
}

type Unit = ReadonlyMap<string, readonly string[]>;

/** A unit's directives; the test starts it as they say. */
function readUnit(file: string): Unit {
  const unit = new Map<string, string[]>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) unit.set(name, [...(unit.get(name) ?? []), value]);
  }
  return unit;
}

interface Service {
  readonly journal: string;
  /** SIGTERM, and its end within TimeoutStopSec. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

function startService(unit: Unit, root: string): Service {
  const only = (name: string): string => unit.get(name)?.at(-1) ?? "";
  for (const folder of unit.get("StateDirectory") ?? []) {
    mkdirSync(join(root, "var/lib", folder), { recursive: true, mode: Number.parseInt(only("StateDirectoryMode"), 8) });
  }
  const [program = "", ...args] = only("ExecStart").split(/\s+/);
  const lines = [
    // As systemd gives them: the user's home is where the page's useradd has put it.
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `HOME=${join(root, "var/lib", only("User"))}`,
    ...(unit.get("EnvironmentFile") ?? []).flatMap((file) => readFileSync(file, "utf8").split("\n")),
    ...(unit.get("Environment") ?? []),
  ];
  const env = Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
  const child = spawn(program, args, { cwd: only("WorkingDirectory") || "/", env, stdio: ["ignore", "pipe", "pipe"] });
  let journal = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (journal += text));
  child.on("error", (error) => (journal += `${error.message}\n`));
  const killIt = (): boolean => child.kill("SIGKILL");
  process.once("exit", killIt);
  return {
    get journal() {
      return hasEnded(child) ? `${journal}\n(ended with ${child.exitCode ?? child.signalCode})` : journal;
    },
    async stop() {
      assert.ok(!hasEnded(child), `it had ended by itself:\n${journal}`);
      child.kill("SIGTERM");
      await waitFor(`${program} to stop`, () => hasEnded(child), { seconds: Number(only("TimeoutStopSec") || 90) });
      assert.equal(child.exitCode, 0, journal);
    },
    async kill() {
      process.removeListener("exit", killIt);
      if (hasEnded(child)) return;
      child.kill("SIGKILL");
      await waitFor(`${program} to die`, () => hasEnded(child));
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
