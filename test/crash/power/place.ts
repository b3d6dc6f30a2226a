/** Where things are in a lab: its mounts are seen by nobody else, so the place is taken as on a machine of our own. */
import { join } from "node:path";

export const lab = "/mnt";
/** Where the disk is mounted, and the project on it. */
export const disk: string = join(lab, "disk");
export const project: string = join(disk, "shop");
/** What commands print, which a power cut must not take away. */
export const output: string = join(lab, "output");
