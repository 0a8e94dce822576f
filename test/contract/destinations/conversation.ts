import type { Delivery } from "../../../src/destinations/define.ts";
import type { RequestSpec } from "../../../src/domain/http.ts";
import { Bench } from "./bench.ts";
import type { Trial } from "./fakes/define.ts";
import { NOW_MS } from "./samples.ts";

/** Proofs differ from run to run, and are told elsewhere; the trace is every module's alike. */
const LEFT_OUT = /^(?:authorization|cookie|x-csrf-token|x-api-key|.*signature(?:-input)?|traceparent|x-correlation-id|user-agent)$/;

/** What one trial says to its system, sample by sample, and what it reads again: as text that a person can check against the system's documentation. */
export async function conversationOf(trial: Trial): Promise<string> {
  const parts: string[] = [];
  for (const [name, delivery] of Object.entries(trial.deliveries)) parts.push(await deliveryTold(name, delivery, trial));
  for (const kind of trial.definition.changes?.kinds ?? []) parts.push(await changesTold(kind, trial));
  return `${withoutChance(withoutSecrets(parts.join("\n"), trial))}\n`;
}

async function deliveryTold(name: string, delivery: Delivery, trial: Trial): Promise<string> {
  const bench = new Bench(trial);
  const outcome = await bench.deliver(delivery);
  const said = requestsTold(bench);
  const read =
    delivery.deleted || trial.definition.read === undefined ? undefined : await bench.read(delivery.entity.kind, delivery.entity.key);
  const state = read?.ok === true && read.value !== "absent" ? [`read as ${JSON.stringify(read.value)}`] : [];
  return [`### ${name}`, ...said, `told as ${JSON.stringify(outcome)}`, ...state, ""].join("\n");
}

async function changesTold(kind: Delivery["entity"]["kind"], trial: Trial): Promise<string> {
  const bench = new Bench(trial);
  // Somebody else's record, where the fake can make one of this kind.
  const add = (): void => bench.fake.tricks.add?.(kind, "K1", NOW_MS - 1_800_000);
  await Promise.resolve()
    .then(add, () => undefined)
    .catch(() => undefined);
  bench.fake.time.nowMs += 3_600_000;
  const run = await bench.changes({ kind, fromMs: NOW_MS - 3_600_000, untilMs: NOW_MS, limit: 10 }).catch(() => ({ records: [] }));
  const told = run.records.map((record) => `told of ${JSON.stringify(record)}`);
  const title = `### changes of ${kind}, from ${iso(NOW_MS - 3_600_000)} until ${iso(NOW_MS)}, 10 a page`;
  return [title, ...requestsTold(bench), ...told, ""].join("\n");
}

const iso = (ms: number): string => new Date(ms).toISOString();

const requestsTold = (bench: Bench): readonly string[] =>
  bench.requests.filter((request) => !bench.credentialRequests.has(request)).map(requestText);

function requestText(request: RequestSpec): string {
  const { pathname, search } = new URL(request.url);
  const headers = Object.entries(request.headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !LEFT_OUT.test(name) && !(request.method === "GET" && ["accept", "content-type"].includes(name)))
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}: ${value}`);
  return [`${request.method} ${decoded(pathname)}${decoded(search)}`, ...headers, ...bodyLines(request.body)].join("\n");
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text).replaceAll(/[\r\n]/g, " ");
  } catch {
    return text;
  }
};

const bodyLines = (body: RequestSpec["body"]): readonly string[] =>
  body === undefined || body === "" ? [] : [typeof body === "string" ? body : new TextDecoder().decode(body)];

/** Protocols that want a secret in every body have it there. */
const withoutSecrets = (text: string, { connection }: Trial): string =>
  Object.entries(connection.secrets).reduce((told, [name, secret]) => told.replaceAll(secret, `<secret ${name}>`), text);

const CHANCE = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=<wsse:Nonce[^>]*>)[^<]+|(?<=<wsse:Password[^>]*>)[^<]+/gi;

/** Ids that a fake draws are numbered in the order in which they come. */
function withoutChance(text: string): string {
  const seen = new Map<string, string>();
  return text.replaceAll(CHANCE, (drawn) => {
    const name = seen.get(drawn) ?? `<${seen.size + 1}>`;
    seen.set(drawn, name);
    return name;
  });
}
