/** What is known of a question to the server: nothing yet, an answer, an answer of some time ago, or why there is none. */
import type { ComponentChildren, JSX } from "preact";
import type { Known } from "../api/resource.ts";
import { Failure } from "./failure.tsx";

interface LoadedProps<Value> {
  readonly of: Known<Value>;
  /** How tall what comes will be, in rows: nothing jumps when it does. */
  readonly rows?: number;
  readonly children: (value: Value) => ComponentChildren;
}

export function Loaded<Value>({ of: { value, error }, rows = 3, children }: LoadedProps<Value>): JSX.Element {
  // While the server is away the banner says so; what was known stays.
  if (value !== undefined) return <>{children(value)}</>;
  if (error !== undefined && error.status !== 0) return <Failure error={error} />;
  return (
    <div class="loading" role="status" aria-label="Loading" style={{ minHeight: `${rows * 2.4}rem` }}>
      {Array.from({ length: rows }, (_, at) => (
        <i key={at} />
      ))}
    </div>
  );
}
