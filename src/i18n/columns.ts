/**
 * Rows of a table as lines for a terminal, in aligned columns.
 * @param figures number of columns at the end to align to the right. Default: none
 */
export function inColumns(rows: readonly (readonly string[])[], figures = 0): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < row.length - figures ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
