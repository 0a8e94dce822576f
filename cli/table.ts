const GAP = 2;

/**
 * Rows under their headings, in columns as wide as their widest cell. On a terminal of fewer `columns` than that, every row
 * becomes a few lines, each with its heading before it, so that none is broken in two.
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], columns: number | null = null): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_heading, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const width = widths.reduce((sum, each) => sum + each, GAP * (headings.length - 1));
  if (columns !== null && width > columns) return rows.map((row) => block(headings, row)).join("\n\n");
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(" ".repeat(GAP))
        .trimEnd(),
    )
    .join("\n");
}

function block(headings: readonly string[], row: readonly string[]): string {
  const width = Math.max(...headings.map((heading) => heading.length));
  return headings.map((heading, column) => `${heading.padEnd(width)}${" ".repeat(GAP)}${row[column] ?? ""}`.trimEnd()).join("\n");
}

/** `3 events`, `1 event`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
