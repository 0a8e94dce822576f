import { randomUUID } from "node:crypto";
import { sampleRequest, signRequest } from "../sandbox/sign.ts";
import { withLocalSenders } from "../src/local-senders.ts";
import { router } from "../src/router.config.ts";
import type { Sample, SourceDefinition } from "../src/sources/define.ts";
import { SOURCES } from "../src/sources/index.ts";
import type { Verification } from "../src/verification/define.ts";
import type { LocalSecrets } from "./local-secrets.ts";

export interface LocalSource {
  readonly name: string;
  readonly definition: SourceDefinition;
  readonly verification: Verification;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: readonly { readonly id: string; readonly value: string; readonly signingKey?: string }[];
}

/** Every source of the local environment: those of router.config.ts, and one for each other sender. */
export const LOCAL_SOURCES = withLocalSenders(router).sources;

/** A configured source with all that its sender needs to sign a request. */
export function localSource(name: string, secrets: LocalSecrets): LocalSource | null {
  const config = LOCAL_SOURCES[name];
  const definition = config === undefined ? undefined : SOURCES[config.scheme];
  if (config === undefined || definition === undefined) return null;
  const settings = definition.settings.parse(config.settings ?? {});
  const live = config.secrets.map(({ env }) => {
    const signingKey = secrets.privateKeys.senders[env];
    return { id: env, value: secrets.vars[env] ?? secrets.localSenders[env] ?? "", ...(signingKey === undefined ? {} : { signingKey }) };
  });
  return { name, definition, verification: definition.verification(settings), settings: config.settings ?? {}, secrets: live };
}

/** The samples that a source is set up to read. */
export const samplesOf = ({ definition, settings }: LocalSource): readonly Sample[] => {
  const fitting = definition.samples.filter((sample) => JSON.stringify(sample.settings ?? {}) === JSON.stringify(settings));
  return fitting.length > 0 ? fitting : definition.samples;
};

export interface Outgoing {
  readonly body: string;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Added to the source's URL. */
  readonly query?: string;
  readonly deliveryId?: string;
  readonly nowMs?: number;
}

/** What a source's sender signs with: the first of its secrets, or the half of it that only the sender has. */
export const signingKeyOf = ({ secrets }: LocalSource): string => secrets[0]?.signingKey ?? secrets[0]?.value ?? "";

/** Signs as this source's sender would, with its first secret, and posts. */
export async function post(routerUrl: string, source: LocalSource, outgoing: Outgoing): Promise<Response> {
  const headers = { "content-type": outgoing.contentType, ...outgoing.headers };
  const signed = signRequest({
    verification: source.verification,
    secret: signingKeyOf(source),
    body: outgoing.body,
    nowMs: outgoing.nowMs ?? Date.now(),
    deliveryId: outgoing.deliveryId ?? `msg_${randomUUID()}`,
    url: `${routerUrl}/in/${source.name}${outgoing.query ?? ""}`,
    headers,
  });
  return fetch(signed.url, { method: "POST", headers: { ...headers, ...signed.headers }, body: Buffer.from(signed.body ?? outgoing.body) });
}

/** A source's sample, filled for now. */
export function filled(source: LocalSource, sample: Sample): Outgoing {
  const { body, headers } = sampleRequest(sample, { nowMs: Date.now(), id: randomUUID(), secret: source.secrets[0]?.value ?? "" });
  return { body, headers, contentType: sample.contentType, ...(sample.query === undefined ? {} : { query: sample.query }) };
}
