/** How the assets of a lineage stand, the worst first. */
import type { Lineage } from "@iroko/core/client";

const severity = ["failed", "running", "missing", "unknown", "made"];

export const healthOf = ({ healths, health }: Lineage, at: number): string => healths[health[at]!]!;
export const bySeverity = (a: string, b: string): number => severity.indexOf(a) - severity.indexOf(b);
/** What a folded group says of all its assets. */
export const worstOf = (states: readonly string[]): string =>
  states.reduce((worst, each) => (bySeverity(worst, each) <= 0 ? worst : each));
