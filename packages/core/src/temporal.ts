/**
 * `Temporal`, where Node does not have it yet (before 26). Import this module before any other: it is there at once, since
 * an await here would not hold back its neighbours.
 */
import { createRequire } from "node:module";

if (!("Temporal" in globalThis)) createRequire(import.meta.url)("temporal-polyfill/global");
