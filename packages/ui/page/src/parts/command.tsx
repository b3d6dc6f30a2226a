/** A command to be run elsewhere: shown whole, copied by a press. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

export function Command({ text }: { readonly text: string }): JSX.Element {
  const copied = useSignal(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    copied.value = true;
    setTimeout(() => (copied.value = false), 1_500);
  };
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" class="quiet" onClick={() => void copy()} aria-label={`Copy: ${text}`}>
        {copied.value ? "Copied" : "Copy"}
      </button>
    </span>
  );
}

/** What a list says that has nothing in it: the command that fills it. */
export function Empty({ says, command }: { readonly says: string; readonly command?: string }): JSX.Element {
  return (
    <p class="empty">
      {says} {command === undefined ? null : <Command text={command} />}
    </p>
  );
}
