import type { Child } from "hono/jsx";

export interface Column<T> {
  readonly label: string;
  readonly cell: (row: T) => Child;
  /** Of figures, that are compared by their ends. */
  readonly numeric?: boolean;
  /** The heading of the row's card where there is no room for columns. */
  readonly leads?: boolean;
}

interface Props<T> {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
}

/**
 * A table; on a narrow screen every row becomes a card whose lines carry the columns' names. Roles are named, since a
 * browser forgets that a table is one when it is laid out as something else.
 */
export function Table<T>({ caption, columns, rows }: Props<T>) {
  return (
    <table role="table">
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ label, numeric }) => (
            <th role="columnheader" scope="col" class={numeric === true ? "numeric" : undefined}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row">
            {columns.map(({ label, cell, numeric, leads }) => (
              <td role="cell" data-label={leads === true ? undefined : label} class={classOf(numeric === true, leads === true)}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const classOf = (numeric: boolean, leads: boolean): string | undefined => (leads ? "leads" : numeric ? "numeric" : undefined);
