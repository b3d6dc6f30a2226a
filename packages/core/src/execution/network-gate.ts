/**
 * Every transfer over a network asks here first. This gate lets everything pass; windows, rates and budgets come behind
 * the same interface.
 */
export interface NetworkGate {
  ask(request: TransferRequest): Promise<GateAnswer>;
}

export interface TransferRequest {
  readonly direction: "up" | "down";
  readonly purpose: "stage" | "publish" | "input" | "verify" | "read";
  readonly store: string;
  readonly key: string;
  readonly bytes: number;
  readonly run?: string;
  readonly step?: number;
}

export type GateAnswer =
  { readonly pass: true } | { readonly pass: false; readonly until: Temporal.Instant; readonly reason: string };

/** What was moved, for the ledger. */
export interface TransferRecord extends TransferRequest {
  readonly seconds: number;
  readonly bytesMoved: number;
}

export const openGate: NetworkGate = { ask: () => Promise.resolve({ pass: true }) };
