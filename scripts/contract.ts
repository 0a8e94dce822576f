import { createReadStream, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { router } from "../src/router.config.ts";
import { isEntityKind } from "../src/http/operations.ts";
import { checkTraffic, Recorded, recordedVersion } from "./contract/traffic.ts";

const USAGE = `npm run contract -- record <file> [--limit 500]   # of the router at SIGNALBOX_URL, with a viewer's SIGNALBOX_TOKEN
npm run contract -- check <file>                  # recorded traffic against the schemas and routes of this checkout`;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { limit: { type: "string", default: "500" } } });
const [verb, file] = positionals;
const limit = Number(values.limit);

interface EventSeen {
  readonly id: string;
  readonly source: string | null;
  readonly type: string | null;
  readonly destinations: readonly { readonly destination: string }[];
}

interface PayloadSeen {
  readonly entity: { readonly kind: string; readonly key: string };
  readonly masked: boolean;
}

async function ask<T>(path: string): Promise<T | null> {
  const url = `${process.env["SIGNALBOX_URL"] ?? "http://localhost:8787"}/ops/v1${path}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${process.env["SIGNALBOX_TOKEN"] ?? ""}` } });
  if (response.status === 401 || response.status === 403)
    throw new Error(`${url} answered ${response.status}: is SIGNALBOX_TOKEN a viewer's?`);
  return response.ok ? ((await response.json()) as T) : null;
}

/** Events whose data can be read; with personal data in it, none is written. */
async function record(to: string): Promise<void> {
  const lines: string[] = [];
  for (let cursor: string | null = ""; cursor !== null && lines.length < limit;) {
    const page: { readonly items: readonly EventSeen[]; readonly nextCursor: string | null } | null = await ask(
      `/events?limit=200${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    for (const { id, source, type, destinations } of page?.items ?? []) {
      const payload = await ask<PayloadSeen>(`/events/${id}/payload`);
      if (payload === null || !isEntityKind(payload.entity.kind) || lines.length >= limit) continue;
      if (!payload.masked) throw new Error("this token sees personal data: record with a viewer's");
      const { kind, key } = payload.entity;
      const went = destinations.map(({ destination }) => destination);
      lines.push(
        JSON.stringify(Recorded.parse({ ...payload, eventId: id, source, type, kind, key, schemaVersion: recordedVersion(kind), went })),
      );
    }
    cursor = page?.nextCursor ?? null;
  }
  writeFileSync(to, `${lines.join("\n")}\n`);
  console.log(`${lines.length} events are recorded in ${to}`);
}

async function check(from: string): Promise<void> {
  const traffic: Recorded[] = [];
  for await (const line of createInterface({ input: createReadStream(from) }))
    if (line !== "") traffic.push(Recorded.parse(JSON.parse(line)));
  const broken = await checkTraffic(router, traffic);
  for (const { eventId, what, words } of broken) console.log(`${what.padEnd(8)} ${eventId}  ${words}`);
  console.log(
    `${traffic.length} recorded events: ${broken.length === 0 ? "every contract holds" : `${broken.length} contracts would be broken`}`,
  );
  process.exitCode = broken.length === 0 ? 0 : 1;
}

if (file === undefined || !Number.isInteger(limit) || (verb !== "record" && verb !== "check")) {
  console.error(USAGE);
  process.exit(2);
}
await (verb === "record" ? record(file) : check(file));
