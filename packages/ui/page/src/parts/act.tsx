/** A button that changes something: not pressed twice, off while it cannot be, its failure told beside it. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { ApiError } from "../api/get.ts";
import { Failure } from "./failure.tsx";
import { Press, type PressTone } from "./press.tsx";

interface ActProps {
  readonly act: () => Promise<unknown>;
  /** Asked first, where it cannot be taken back. */
  readonly confirm?: string;
  readonly tone?: PressTone;
  readonly children: ComponentChildren;
}

export function Act({ act, confirm, tone = "plain", children }: ActProps): JSX.Element {
  const busy = useSignal(false);
  const failure = useSignal<ApiError | undefined>(undefined);
  const press = async (): Promise<void> => {
    if (confirm !== undefined && !globalThis.confirm(confirm)) return;
    busy.value = true;
    failure.value = undefined;
    try {
      await act();
    } catch (error) {
      failure.value = error instanceof ApiError ? error : new ApiError("PAGE_FAILED", String(error), undefined, 0);
    } finally {
      busy.value = false;
    }
  };
  return (
    <>
      <Press tone={tone} isBusy={busy.value} onPress={() => void press()}>
        {children}
      </Press>
      {failure.value === undefined ? null : <Failure error={failure.value} />}
    </>
  );
}
