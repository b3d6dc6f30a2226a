/**
 * A button of what changes something. While it cannot be pressed it can still be come to by keys and by touch, and says why
 * not: beside it once it is pressed, and on hover.
 */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { whyNotOperate } from "../api/session.ts";

export type PressTone = "primary" | "plain" | "danger";

interface PressProps {
  /** None: it sends the form that it stands in. */
  readonly onPress?: () => void;
  readonly isBusy?: boolean;
  readonly tone?: PressTone;
  readonly children: ComponentChildren;
}

export function Press({ onPress, isBusy = false, tone = "plain", children }: PressProps): JSX.Element {
  const isTold = useSignal(false);
  const why = whyNotOperate.value;
  const press = (event: Event): void => {
    if (why === undefined) return onPress?.();
    event.preventDefault();
    isTold.value = true;
  };
  return (
    <>
      <button
        type={onPress === undefined ? "submit" : "button"}
        class={tone}
        disabled={isBusy}
        aria-disabled={why === undefined ? undefined : true}
        title={why}
        onClick={press}
      >
        {children}
      </button>
      {why === undefined || !isTold.value ? null : (
        <span class="note" role="status">
          {why}
        </span>
      )}
    </>
  );
}

/** To the launchpad, for those who can make what is planned there. */
export function LaunchLink({
  href,
  tone = "plain",
  children,
}: Pick<PressProps, "tone" | "children"> & { readonly href: string }): JSX.Element {
  if (whyNotOperate.value !== undefined)
    return (
      <Press tone={tone} onPress={() => {}}>
        {children}
      </Press>
    );
  return (
    <a class={tone === "plain" ? "button" : `button ${tone}`} href={href}>
      {children}
    </a>
  );
}
