import type { Locator } from "playwright-core";

/** Where the middle of a cell of a field of partitions is on the page, by row and column. */
export async function cellsOf(canvas: Locator): Promise<(row: number, column: number) => [x: number, y: number]> {
  await canvas.and(canvas.page().locator("[data-pitch]")).waitFor();
  const box = (await canvas.boundingBox())!;
  const [left, top, pitch] = await Promise.all(
    ["left", "top", "pitch"].map(async (name) => Number(await canvas.getAttribute(`data-${name}`))),
  );
  return (row, column) => [box.x + left! + (column + 0.5) * pitch!, box.y + top! + (row + 0.5) * pitch!];
}
