import { serverNowMs } from "../../connection/server-clock.ts";
import type { JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, allOk, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, ChangeReader, Failed, RemoteState, Session } from "../define.ts";
import { collection, failed } from "./collection.ts";
import { stateOf, withCustomerKeys } from "./records.ts";
import { READ_KINDS, fieldsOf, resourceOf, type Resource } from "./resources.ts";
import type { Settings } from "./settings.ts";

/** Larger pages have been seen to be cut short without a word. */
const ROWS_A_PAGE = 200;

/**
 * The records changed in a fixed window, by keyset on the record's number: a stamp has digits that are not shown, so
 * paging by it would stand still. What changes meanwhile leaves the window, and comes with the next run.
 */
export const changes: ChangeReader<Settings> = {
  kinds: READ_KINDS,
  resolutionMs: 1_000,
  overlapMs: 900_000,
  lagMs: 60_000,
  tellsDeletions: false,
  page: async (query, session) => {
    const resource = resourceOf(query.kind, session.settings);
    if (!resource.ok) return resource;
    return query.cursor !== null && !/^\d{1,19}$/.test(query.cursor) ? ok("restart") : readPage(query, resource.value, session);
  },
};

async function readPage(query: ChangeQuery, resource: Resource, session: Session<Settings>): Promise<Result<ChangePage, Failed>> {
  const page = await collection(session, resource, {
    q: windowOf(query, resource),
    orderBy: `${resource.sequenceAt}:asc`,
    fields: fieldsOf(resource),
    onlyData: "true",
    limit: String(Math.min(query.limit, ROWS_A_PAGE)),
  });
  if (!page.ok) return page;
  const { items, hasMore, answer } = page.value;
  const next = scalarText(items.at(-1)?.[resource.sequenceAt]);
  if (hasMore && next === undefined) return fail(failed("transient", "the answer says that there is more, and gives nothing"));
  const records = await statesOf(items, resource, session);
  if (!records.ok) return records;
  return ok({ records: records.value, nextCursor: hasMore ? (next ?? null) : null, serverNowMs: serverNowMs(answer) });
}

/** Ends of the window as Fusion writes times, with their zone. */
function windowOf({ fromMs, untilMs, cursor }: ChangeQuery, { sequenceAt }: Resource): string {
  const time = (ms: number): string => `'${new Date(ms).toISOString().replace("Z", "+00:00")}'`;
  return [
    ...(fromMs === null ? [] : [`LastUpdateDate >= ${time(fromMs)}`]),
    `LastUpdateDate < ${time(untilMs)}`,
    ...(cursor === null ? [] : [`${sequenceAt} > ${cursor}`]),
  ].join(" and ");
}

async function statesOf(
  items: readonly JsonObject[],
  resource: Resource,
  session: Session<Settings>,
): Promise<Result<readonly RemoteState[], Failed>> {
  const named = await withCustomerKeys(items, resource, session);
  if (!named.ok) return named;
  const states = allOk(named.value.map((item) => stateOf(item, resource, session.settings)));
  return states.ok ? states : fail(failed("business", states.failure));
}
