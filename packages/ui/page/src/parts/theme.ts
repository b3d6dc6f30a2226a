/** Light, dark, or as the system is: the reader's choice, kept by this browser. */
import { signal, type ReadonlySignal } from "@preact/signals";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const place = "iroko.theme";

function kept(): Theme {
  try {
    const text = localStorage.getItem(place);
    return themes.find((each) => each === text) ?? "system";
  } catch {
    return "system"; // a browser that keeps nothing
  }
}

const chosen = signal<Theme>("system");
export const theme: ReadonlySignal<Theme> = chosen;

function wear(wanted: Theme): void {
  // First the colours, then those who draw by them.
  document.documentElement.dataset["theme"] = wanted;
  chosen.value = wanted;
}

/** As it was chosen before, in this window or in another. */
export function wearTheme(): void {
  wear(kept());
  addEventListener("storage", ({ key }) => {
    if (key === place) wear(kept());
  });
}

export function chooseTheme(wanted: Theme): void {
  wear(wanted);
  try {
    localStorage.setItem(place, wanted);
  } catch {
    // for this visit, then
  }
}

/** Calls back when colours are others than before: what is drawn on a canvas is drawn again. Returns what ends it. */
export function onRelook(relook: () => void): () => void {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", relook);
  let worn = chosen.peek();
  const unsubscribe = chosen.subscribe((wanted) => {
    if (wanted !== worn) relook();
    worn = wanted;
  });
  return () => {
    scheme.removeEventListener("change", relook);
    unsubscribe();
  };
}
