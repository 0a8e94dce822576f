import { filled, withQuery, type Visit } from "./visit.ts";

interface Props {
  readonly visit: Visit;
  /** Parameters that stay from page to page. */
  readonly filters: readonly string[];
  readonly next: string | null;
  readonly older: string;
}

/** Ways to the next and the first page of a list; nothing where there is only one. */
export function Pager({ visit, filters, next, older }: Props) {
  const kept = filled(visit.query, filters);
  const first = visit.query["cursor"] === undefined;
  if (first && next === null) return null;
  return (
    <nav class="pager" aria-label="Pages of this list">
      {first ? (
        <span />
      ) : (
        <a class="button" href={withQuery(visit.path, kept)}>
          Newest
        </a>
      )}
      {next === null ? null : (
        <a class="button" href={withQuery(visit.path, { ...kept, cursor: next })}>
          {older}
        </a>
      )}
    </nav>
  );
}
