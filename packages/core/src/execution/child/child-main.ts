/** Where a child process starts: compiled code is kept for the next one, which is then ready sooner. */
import { enableCompileCache } from "node:module";

enableCompileCache();
await import("./child-process.ts");
