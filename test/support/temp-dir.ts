/** A folder of a test's own, gone afterwards. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

export interface TempDir extends Disposable {
  readonly path: string;
}

/** For `using`. Every user may enter it, as they may enter most project folders. */
export function createTempDir(name = "test"): TempDir {
  const path = mkdtempSync(join(tmpdir(), `iroko-${name}-`));
  chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** For a whole test file: removed after its last test. Call it at the file's top. */
export function tempDir(name?: string): string {
  const folder = createTempDir(name);
  after(() => folder[Symbol.dispose]());
  return folder.path;
}
