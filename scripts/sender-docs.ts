import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Handshake, Reply, SourceDefinition, StatusPolicy, StatusSet } from "../src/sources/define.ts";
import { SOURCES } from "../src/sources/index.ts";
import { describeVerification, verdictOf } from "../src/verification/index.ts";
import { ROOT } from "./local.ts";

/** Writes docs/senders.md from the registry; with --check only says whether it is as the registry would make it. */
const FILE = path.join(ROOT, "docs", "senders.md");

const HANDSHAKE_WORDS: Readonly<Record<Handshake["kind"], string>> = {
  cloudEventsOptions: "CloudEvents `OPTIONS` with `WebHook-Request-Origin`",
  validationToken: "validation token in the query, returned as text",
  challengeInBody: "signed challenge in the body, returned as text",
  signedChallenge: "signed challenge in the body, returned with its HMAC",
  hubChallenge: "`hub.challenge` with `hub.verify_token`",
  headerChallenge: "challenge in a header, returned as JSON",
  hookSecret: "the sender brings its secret, while a registration is open",
  probe: "`HEAD`",
  ping: "ping, answered and not counted",
};

const statuses = (set: StatusSet, none: string): string => (set.length === 0 ? none : set.join(", "));
const answer = (form: Reply | "accepted"): string => (form === "accepted" ? "202" : `${form.status} in its own form`);

function policyRow(policy: StatusPolicy): string {
  const { stored, notUnderstood, notVerified, cannotStore, rateLimited, tooLarge } = policy;
  return `| ${answer(stored)} | ${answer(stored)} | ${answer(notUnderstood)} | ${notVerified} | ${cannotStore} | ${rateLimited} | ${tooLarge} |`;
}

function section(source: SourceDefinition): string {
  const settings = source.samples[0]?.settings ?? {};
  const parsed = source.settings.parse(settings);
  const verification = source.verification(parsed);
  const handshakes = source.handshakes?.(parsed) ?? [];
  const objects = { ...source.objects(parsed), ...source.samples[0]?.objects };
  const steps = source.setup.map((step, index) => `${index + 1}. ${fill(step, source)}`);
  const { retries, harmful, timeoutMs, source: said } = source.behaviour;
  return [
    `## ${source.title}`,
    "",
    `Scheme \`${source.scheme}\` · proof: ${describeVerification(verification)} · verdict \`${verdictOf(verification)}\``,
    "",
    ...steps,
    "",
    `In \`src/router.config.ts\`: \`scheme: "${source.scheme}"\`${Object.keys(settings).length === 0 ? "" : `, with settings such as \`${JSON.stringify(settings)}\``}.`,
    "",
    `- It retries on ${statuses(retries, "nothing by itself")}; ${harmful.length === 0 ? "no answer harms its subscription" : `it takes harm from ${statuses(harmful, "")}`}; ` +
      `${timeoutMs === null ? "how long it waits is not documented" : `it waits ${timeoutMs / 1000} s`}. (${said})`,
    ...(handshakes.length === 0 ? [] : [`- Handshakes answered: ${handshakes.map(({ kind }) => HANDSHAKE_WORDS[kind]).join("; ")}.`]),
    `- Record types out of the box, or as its samples map them: ${Object.entries(objects)
      .map(([name, map]) => `\`${name}\` → ${map.kind}`)
      .join(", ")}.`,
    `- Try it: ${source.samples.map(({ name }) => `\`${name}\``).join(", ")} with \`npm run send -- <source> <sample>\`.`,
    "",
    "| stored | seen before | not understood | not verified | cannot store | too many | too large |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    policyRow(source.statusPolicy),
    "",
  ].join("\n");
}

const fill = (step: string, source: SourceDefinition): string =>
  step.replaceAll("{url}", `\`https://<your router>/in/<source>${queryOf(source)}\``).replaceAll("{secret}", "the source's secret");

const queryOf = (source: SourceDefinition): string => {
  const verification = source.verification(source.settings.parse(source.samples[0]?.settings ?? {}));
  return verification.kind === "queryToken" ? `?${verification.parameter}=<secret>` : "";
};

const page = `# Senders

Made from the registry in \`src/sources\` by \`npm run docs\`. One section for each sender: what to set up there, step by step,
how it proves itself, and what we answer so that it does the right thing.

An address that several accounts of one sender share is \`/in/<source>/<account>\`; see the README.

${Object.values(SOURCES)
  .toSorted((left, right) => left.title.localeCompare(right.title, "en"))
  .map(section)
  .join("\n")}`;

if (process.argv.includes("--check")) {
  const written = readFileSync(FILE, { encoding: "utf8", flag: "a+" });
  if (written !== page) console.error("docs/senders.md is not what the registry makes. Run: npm run docs");
  process.exit(written === page ? 0 : 1);
}
mkdirSync(path.dirname(FILE), { recursive: true });
writeFileSync(FILE, page);
