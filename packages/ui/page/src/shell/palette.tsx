/** Opens the search. What it is made of is fetched once the page rests: nobody searches before they have seen something. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { PaletteDialog } from "./palette-dialog.tsx";

const isOpen = signal(false);
const dialog = signal<typeof PaletteDialog | undefined>(undefined);

export async function loadPalette(): Promise<void> {
  try {
    dialog.value ??= (await import("./palette-dialog.tsx")).PaletteDialog;
  } catch {
    isOpen.value = false; // the link cut it off: the next press tries again
  }
}

export function openPalette(): void {
  isOpen.value = true;
  void loadPalette();
}

export function Palette(): JSX.Element | null {
  const Dialog = dialog.value;
  return isOpen.value && Dialog !== undefined ? <Dialog onClose={() => (isOpen.value = false)} /> : null;
}
