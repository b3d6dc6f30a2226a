/** Arguments that cannot be: told before anything is opened. */
export class UsageError extends Error {
  readonly code = "USAGE";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = "UsageError";
    this.hint = hint;
  }
}
