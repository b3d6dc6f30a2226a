/** The cells of a page's table rows, each without its backticks. */
export function rowsOf(page: string, heading: string): readonly (readonly string[])[] {
  const at = page.indexOf(heading);
  if (at < 0) throw new Error(`the page has no "${heading}"`);
  const [table = ""] = page.slice(at).split("\n\n");
  return table
    .split("\n")
    .filter((row) => row.startsWith("|"))
    .slice(2)
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/^`(.*)`$/, "$1")),
    );
}
