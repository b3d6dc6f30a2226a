/** 12,345 */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** 1 step, 2 steps */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/** 1.2 MB, in powers of a thousand */
export function byteText(bytes: number): string {
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
