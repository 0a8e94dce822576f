import { serverNowMs } from "../../connection/server-clock.ts";
import { sqlTime } from "../../domain/field-pairs.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, ChangeReader, Failed, RemoteState, Session } from "../define.ts";
import { cleanText } from "../outcome-of-status.ts";
import { query } from "./records.ts";
import { KINDS, type Settings } from "./settings.ts";
import { tableOf, type Table } from "./tables.ts";

/**
 * By keyset on (sys_updated_on, sys_id). Rows that ACLs hide make a page short or empty but are counted, so the last
 * page is the empty one whose count has no rows left.
 */
export const changes: ChangeReader<Settings> = {
  kinds: KINDS,
  resolutionMs: 1_000,
  overlapMs: 300_000,
  lagMs: 60_000,
  tellsDeletions: false,
  page: async (wanted, session) => {
    const table = tableOf(wanted.kind, session.settings);
    if (!table.ok) return table;
    if (wanted.cursor === null) {
      const zone = await provenZone(table.value, session);
      if (!zone.ok) return zone;
    }
    return readPage(wanted, table.value, session);
  },
};

/** Where the page before ended: the stamp and sys_id of its last row, and how many hidden rows were passed since. */
interface Place {
  readonly stamp: string;
  readonly id: string;
  readonly passed: number;
}

const START: Place = { stamp: "", id: "", passed: 0 };
const CURSOR = /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}|)\|([0-9a-z]*)\|(\d{1,9})$/;

function placeOf(cursor: string | null): Place | null {
  if (cursor === null) return START;
  const [, stamp, id, passed] = CURSOR.exec(cursor) ?? [];
  return stamp === undefined || id === undefined || passed === undefined ? null : { stamp, id, passed: Number(passed) };
}

async function readPage(wanted: ChangeQuery, table: Table, session: Session<Settings>): Promise<Result<ChangePage | "restart", Failed>> {
  const place = placeOf(wanted.cursor);
  if (place === null) return ok("restart");
  const paging = {
    sysparm_no_count: "false",
    sysparm_limit: String(wanted.limit),
    ...(place.passed === 0 ? {} : { sysparm_offset: String(place.passed) }),
  };
  const found = await query(session, table, encodedQuery(wanted, place), paging);
  if (!found.ok) return found;
  const { rows, answer } = found.value;
  const last = rows.at(-1);
  const passed = place.passed + wanted.limit;
  const hidden = last === undefined && Number(answer.headers.get("x-total-count") ?? "0") > passed;
  return ok({
    records: rows,
    nextCursor: last !== undefined ? cursorAfter(last) : hidden ? `${place.stamp}|${place.id}|${passed}` : null,
    serverNowMs: serverNowMs(answer),
  });
}

const cursorAfter = (last: RemoteState): string => `${sqlTime(last.modifiedAtMs ?? 0)}|${last.remote.id}|0`;

/** `^NQ` begins a second set of conditions; the order at the end holds for both. */
function encodedQuery({ fromMs, untilMs }: ChangeQuery, { stamp, id }: Place): string {
  const until = `sys_updated_on<=${sqlTime(untilMs - 1)}`;
  const from = fromMs === null ? "" : `sys_updated_on>=${sqlTime(fromMs)}^`;
  const rows = id === "" ? `${from}${until}` : `sys_updated_on>${stamp}^${until}^NQsys_updated_on=${stamp}^sys_id>${id}`;
  return `${rows}^ORDERBYsys_updated_on^ORDERBYsys_id`;
}

/**
 * Times in queries are read in the integration user's time zone, answers are UTC: for a user outside GMT whole hours of
 * changes would be missed unseen. So a run begins by asking for its oldest row by that row's own time.
 */
async function provenZone(table: Table, session: Session<Settings>): Promise<Result<null, Failed>> {
  for (const _attempt of ["first", "once more, since somebody may have changed that row"]) {
    const oldest = await query(session, table, "ORDERBYsys_updated_on", { sysparm_limit: "1" });
    if (!oldest.ok) return oldest;
    const [row] = oldest.value.rows;
    if (row === undefined || row.modifiedAtMs === null) return ok(null);
    const again = await query(session, table, `sys_id=${row.remote.id}^sys_updated_on=${sqlTime(row.modifiedAtMs)}`, {
      sysparm_limit: "1",
    });
    if (!again.ok) return again;
    if (again.value.rows.length === 1) return ok(null);
  }
  const detail = `times in queries are not read as UTC: set the integration user's time zone to GMT (seen in ${table.name})`;
  return fail({ kind: "failed", class: "config", detail: cleanText(detail) });
}
