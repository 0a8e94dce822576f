import { ensureLocalSecrets } from "./local-secrets.ts";
import { ROOT } from "./local.ts";
import { LOCAL_SOURCES, filled, localSource, post, samplesOf } from "./sender.ts";

const [name, wanted] = process.argv.slice(2);
const secrets = ensureLocalSecrets(ROOT);
const source = name === undefined ? null : localSource(name, secrets);
const sample = (source === null ? [] : samplesOf(source)).find((known) => known.name === wanted);
if (source === null || sample === undefined) {
  console.error("Usage: npm run send -- <source> <sample>\n");
  for (const known of Object.keys(LOCAL_SOURCES)) {
    const named = localSource(known, secrets);
    console.error(`  ${known}: ${(named === null ? [] : samplesOf(named)).map((each) => each.name).join(", ")}`);
  }
  process.exit(2);
}
const response = await post(`http://localhost:${process.env["PORT"] ?? "8787"}`, source, filled(source, sample)).catch((error: unknown) => {
  console.error(`No router answers there (${String(error instanceof Error ? (error.cause ?? error) : error)}). Start it with: npm run dev`);
  process.exit(1);
});
console.log(response.status, response.headers.get("x-signalbox-event-id") ?? "");
console.log(await response.text());
process.exit(response.ok ? 0 : 1);
