/** Imported before the `iroko` command, for the control: no file or folder of ours is made durable. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const handle = await fs.promises.open(import.meta.filename);
const prototype = Object.getPrototypeOf(handle) as fs.promises.FileHandle;
await handle.close();
const nothing = (): Promise<void> => Promise.resolve();
prototype.sync = nothing;
prototype.datasync = nothing;
fs.fsyncSync = () => {};
fs.fdatasyncSync = () => {};
syncBuiltinESMExports();
