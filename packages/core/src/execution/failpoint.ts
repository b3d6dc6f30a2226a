/**
 * Named points of the protocols (claim, build, stage, finish, publish, a schedule's tick) at which a test may kill or freeze
 * this very process, so that each crash that the design speaks of can be made to happen. Nothing happens unless
 * IROKO_FAILPOINT names a point and what to do there, such as "publish.copied=kill".
 */
export type Failpoint =
  /** The step is locked; nothing is committed. */
  | "claim.locked"
  | "claim.committed"
  /** The file is built; nothing is in the store. */
  | "stage.built"
  /** The object is in the store; no row knows it. */
  | "stage.put"
  | "stage.recorded"
  /** The end is written; nothing is committed. */
  | "finish.written"
  | "finish.committed"
  /** The pointer is read; the stable path shows what it did. */
  | "publish.read"
  /** The stable path shows the version; no row says so. */
  | "publish.copied"
  | "publish.marked"
  /** A schedule's tick is recorded; nothing is planned. */
  | "tick.begun"
  /** Its run is inserted; nothing is committed. */
  | "tick.planned"
  | "tick.requested";

const signals = { kill: "SIGKILL", freeze: "SIGSTOP" } as const;

const [point, action] = (process.env["IROKO_FAILPOINT"] ?? "").split("=");
let armed = point;

/** Acts once, the first time that this process comes by. */
export function failpoint(name: Failpoint): void {
  if (name !== armed) return;
  armed = undefined;
  process.kill(process.pid, signals[action as keyof typeof signals]);
}
