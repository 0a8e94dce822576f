import type { Child } from "hono/jsx";

export interface Column<T> {
  readonly label: string;
  readonly cell: (row: T) => Child;
  /** Of figures, that are compared by their ends. */
  readonly numeric?: boolean;
  /** The heading of the row's card where there is no room for columns. */
  readonly leads?: boolean;
  /** Holds the box that ticks the row. */
  readonly ticks?: boolean;
}

interface Props<T> {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  /** Whether its few short columns fit any screen. */
  readonly small?: boolean;
}

/**
 * A table; on a narrow screen every row becomes a card whose lines carry the columns' names. Roles are named, since a
 * browser forgets that a table is one when it is laid out as something else.
 */
export function Table<T>({ caption, columns, rows, small = false }: Props<T>) {
  return (
    <table role="table" class={small ? "narrow-stays" : "cards-when-narrow"}>
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
            {columns.map(({ label, cell, ...column }) => (
              <td role="cell" data-label={column.leads === true ? undefined : label} class={classOf(column)}>
                <div>{cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const classOf = ({ numeric, leads, ticks }: Pick<Column<never>, "numeric" | "leads" | "ticks">): string | undefined =>
  leads === true ? "leads" : ticks === true ? "tick-cell" : numeric === true ? "numeric" : undefined;
