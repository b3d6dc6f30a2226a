/** Numbers with their unit, in few letters and aligned. */
const whole = new Intl.NumberFormat("en-GB");

export const count = (n: number): string => whole.format(n);

export const counted = (n: number, one: string, many: string = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytes(n: number): string {
  let unit = 0;
  let value = n;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${byteUnits[unit]!}`;
}

const spans = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** "1 h 12 min"; below ten seconds with a decimal. */
export function span(seconds: number, parts = 2): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  let rest = Math.round(seconds);
  const said: string[] = [];
  for (const [name, size] of spans) {
    if (said.length === parts || (rest < size && said.length === 0)) continue;
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n === 0) break;
    said.push(`${n} ${name}`);
  }
  return said.join(" ");
}

/** "3 min ago", "in 2 h" */
export function agoText(at: string | number, nowMs: number): string {
  const seconds = (nowMs - new Date(at).getTime()) / 1000;
  if (Math.abs(seconds) < 2) return "now";
  return seconds > 0 ? `${span(seconds, 1).replace(/\.\d/, "")} ago` : `in ${span(-seconds, 1).replace(/\.\d/, "")}`;
}
