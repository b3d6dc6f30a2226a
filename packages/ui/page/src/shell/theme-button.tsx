/** From the system's colours to light ones, to dark ones, and back. */
import type { JSX } from "preact";
import { chooseTheme, theme, themes, type Theme } from "../parts/theme.ts";

const looks: Readonly<Record<Theme, readonly [glyph: string, says: string]>> = {
  system: ["◐", "Colours: as the system"],
  light: ["☀", "Colours: light"],
  dark: ["☾", "Colours: dark"],
};

export function ThemeButton(): JSX.Element {
  const [glyph, says] = looks[theme.value];
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
  return (
    <button type="button" class="quiet" aria-label={says} title={says} onClick={() => chooseTheme(next)}>
      <span aria-hidden="true">{glyph}</span>
    </button>
  );
}
