/** What the command's exit code says; the one place that says so. */
export const exitCodes = {
  /** Done as asked, also where nothing was to be done. */
  done: 0,
  /** A run was started and something of it failed, or `doctor` found something wrong. */
  failed: 1,
  /** Wrong usage or definitions, an instance or store that cannot be used: known before a run starts. */
  refused: 2,
  /** A worker was stopped, and has handed over steps that had not ended: others go on with them. */
  handedOver: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
