import type { JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, Failed } from "../define.ts";
import { bareState, rowsOf, stateOf, type RecordKind } from "./converge.ts";
import type { Session } from "./rpc.ts";
import { moment, stampOfMs } from "./values.ts";

/** A place in the two passes: over records never written since their creation, and over those that were. */
interface Place {
  readonly pass: "created" | "written";
  /** The last record seen; null at the beginning of a pass. */
  readonly after: { readonly stamp: string; readonly id: string } | null;
}

const STAMP_FIELD = { created: "create_date", written: "write_date" } as const;

/**
 * One page of what has changed. `write_date` is null until a record's first change, so those are read first, by
 * `create_date`; one that is changed meanwhile comes again in the second pass or the next run, since its stamp is later.
 * Stamps have microseconds, and are those of the transaction's beginning.
 */
export async function page(kind: RecordKind, wanted: ChangeQuery, session: Session): Promise<Result<ChangePage | "restart", Failed>> {
  const place = wanted.cursor === null ? { pass: "created" as const, after: null } : readPlace(wanted.cursor);
  if (place === null) return fail({ kind: "failed", class: "config", detail: `no cursor of Tryton: "${wanted.cursor ?? ""}"` });
  const stamp = STAMP_FIELD[place.pass];
  const order = [
    [stamp, "ASC"],
    ["id", "ASC"],
  ];
  const rows = await rowsOf(kind, session, {
    entity: wanted.kind,
    domain: domainOf(kind, wanted, place, session),
    limit: wanted.limit,
    order,
  });
  if (!rows.ok) return rows;
  const last = rows.value.length < wanted.limit ? undefined : rows.value.at(-1);
  const ended = place.pass === "created" ? "written" : null;
  return ok({
    // One that cannot be said in canonical words must not stop the rest: it differs in everything, and a person sees it.
    records: rows.value.map((row) => {
      const state = stateOf(kind, wanted.kind, row, session.settings);
      return state.ok ? state.value : bareState(kind, row);
    }),
    nextCursor: last === undefined ? ended : `${place.pass}~${scalarText(last[stamp]) ?? ""}~${scalarText(last["id"]) ?? ""}`,
    serverNowMs: null,
  });
}

function domainOf(kind: RecordKind, { fromMs, untilMs }: ChangeQuery, { pass, after }: Place, session: Session): readonly JsonValue[] {
  const stamp = STAMP_FIELD[pass];
  return [
    ...kind.scope(session.settings),
    ...(pass === "created" ? [["write_date", "=", null]] : []),
    ...(fromMs === null ? [] : [[stamp, ">=", moment(stampOfMs(fromMs))]]),
    [stamp, "<", moment(stampOfMs(untilMs))],
    ...(after === null
      ? []
      : [
          [
            "OR",
            [[stamp, ">", moment(after.stamp)]],
            [
              [stamp, "=", moment(after.stamp)],
              ["id", ">", Number(after.id)],
            ],
          ],
        ]),
  ];
}

const CURSOR = /^(created|written)(?:~(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)~(\d{1,15}))?$/;

function readPlace(cursor: string): Place | null {
  const [, pass, stamp, id] = CURSOR.exec(cursor) ?? [];
  if (pass !== "created" && pass !== "written") return null;
  return { pass, after: stamp === undefined || id === undefined ? null : { stamp, id } };
}
