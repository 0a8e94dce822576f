import { withTeamFields } from "../../domain/field-pairs.ts";
import { parseJson, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, Failed, RemoteState } from "../define.ts";
import { list, type Filter, type Session } from "./api.ts";
import type { DocumentKind } from "./documents.ts";
import { isSiteTime, toSiteTime } from "./site-time.ts";

type Read = (rows: readonly JsonObject[]) => Promise<Result<readonly RemoteState[], Failed>>;

/** One page by keyset on (modified, name), all in the site's own time. Child tables are not listed, so lines are not told. */
export async function page(document: DocumentKind, query: ChangeQuery, session: Session, read: Read): Promise<Result<ChangePage, Failed>> {
  const { keyField, timeZone, fields } = session.settings;
  const after = query.cursor === null ? null : readCursor(query.cursor);
  if (query.cursor !== null && after === null) return fail({ kind: "failed", class: "config", detail: "no cursor of ERPNext" });
  const from = after?.modified ?? (query.fromMs === null ? null : toSiteTime(query.fromMs, timeZone));
  const filters: readonly Filter[] = [
    ...(from === null ? [] : [["modified", ">=", from] as const]),
    ["modified", "<", toSiteTime(query.untilMs, timeZone)],
  ];
  const anyOf: readonly Filter[] | null =
    after === null
      ? null
      : [
          ["modified", ">", after.modified],
          ["name", ">", after.name],
        ];
  const pairs = withTeamFields(document.pairs, fields?.[query.kind]);
  const asked = [...pairs.flatMap(({ at, currencyAt }) => [at, ...(currencyAt === undefined ? [] : [currencyAt])]), ...document.fields];
  const rows = await list(session, {
    doctype: document.doctype,
    fields: [...new Set([...asked.filter((field) => !document.made.includes(field)), "name", "modified", keyField])],
    filters,
    ...(anyOf === null ? {} : { anyOf }),
    orderBy: "modified asc, name asc",
    limit: query.limit,
  });
  if (!rows.ok) return rows;
  const states = await read(rows.value);
  if (!states.ok) return states;
  const last = rows.value.length < query.limit ? undefined : rows.value.at(-1);
  const nextCursor = last === undefined ? null : JSON.stringify([scalarText(last["modified"]) ?? "", scalarText(last["name"]) ?? ""]);
  return ok({ records: states.value, nextCursor, serverNowMs: null });
}

function readCursor(cursor: string): { readonly modified: string; readonly name: string } | null {
  const parsed = parseJson(cursor);
  const [modified, name] = parsed.ok && Array.isArray(parsed.value) ? parsed.value : [];
  return typeof modified === "string" && typeof name === "string" && isSiteTime(modified) ? { modified, name } : null;
}
