/** Colours as the stylesheet has them now, for a canvas knows no custom properties. */
export interface Look {
  readonly ground: string;
  readonly surface: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly ink: string;
  readonly faint: string;
  readonly accent: string;
  readonly tones: Readonly<Record<string, string>>;
}

export function lookOf(element: HTMLElement): Look {
  const probe = document.createElement("i");
  element.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const look = {
    ground: colour("ground"),
    surface: colour("surface"),
    line: colour("line"),
    lineStrong: colour("line-strong"),
    ink: colour("ink"),
    faint: colour("faint"),
    accent: colour("accent"),
    tones: Object.fromEntries(["good", "bad", "warn", "busy", "calm"].map((tone) => [tone, colour(tone)])),
  };
  probe.remove();
  return look;
}
