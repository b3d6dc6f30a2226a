/**
 * Tells when code in a folder is saved. A watch on each folder rather than one recursive watch: on Linux that one would
 * walk through node_modules, too.
 */
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join, relative } from "node:path";

export interface WatchOptions {
  /** Folders that are not looked into. */
  ignored(folder: string, name: string): boolean;
  /** These files of code have changed, and nothing has for a moment since. Paths from the root. */
  changed(files: readonly string[]): void;
  /** The system watches no more folders. */
  failed(reason: string): void;
}

const code = /\.(?:[cm]?[jt]s|json|sql)$/;
const quietMs = 100;
const mostFolders = 2_000;

export function watchFolder(root: string, options: WatchOptions): { close(): void } {
  const watchers = new Map<string, FSWatcher>();
  const files = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const changed = (file: string): void => {
    files.add(relative(root, file));
    clearTimeout(timer);
    timer = setTimeout(() => {
      const seen = [...files];
      files.clear();
      options.changed(seen);
    }, quietMs);
  };
  const forget = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const add = (folder: string): void => {
    if (watchers.has(folder)) return;
    if (watchers.size >= mostFolders) return options.failed(`more than ${mostFolders} folders`);
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name === null) return changed(folder);
        const path = join(folder, name);
        if (!isFolder(path)) {
          if (code.test(name)) changed(path);
        } else if (!watchers.has(path) && !options.ignored(path, name)) {
          // Its files may have come before its watch.
          add(path);
          changed(path);
        }
      });
      watcher.on("error", () => forget(folder));
      watchers.set(folder, watcher);
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const inner = join(folder, entry.name);
        if (entry.isDirectory() && !options.ignored(inner, entry.name)) add(inner);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") options.failed((error as Error).message);
    }
  };
  add(root);
  return {
    close() {
      clearTimeout(timer);
      for (const folder of watchers.keys()) forget(folder);
    },
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
