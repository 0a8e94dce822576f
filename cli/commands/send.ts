import { readFileSync } from "node:fs";
import { ensureLocalSecrets } from "../../scripts/local-secrets.ts";
import { LOCAL_SOURCES, filled, localSource, post, samplesOf, type LocalSource, type Outgoing } from "../../scripts/sender.ts";
import { wholeNumber } from "../arguments.ts";
import { API_OPTIONS, command } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";
import { originOf } from "../connection.ts";
import { table } from "../table.ts";

const OPTIONS = {
  ...API_OPTIONS,
  body: { type: "string", value: "file", file: true, summary: "this body, signed as that sender would, instead of a sample's" },
  times: { type: "string", value: "n", summary: "the very same request n times, to see that copies have one effect" },
} as const;

export const send = command({
  name: "send",
  summary: "signs a sample, or a body of yours, as that sender would and posts it; without words, lists them",
  arguments: [
    { name: "source", summary: "a source of the local environment", optional: true },
    { name: "sample", summary: "one of its samples; default: the first", optional: true },
  ],
  options: OPTIONS,
  examples: ["signalbox send", "signalbox send stripe invoice-paid", "signalbox send custom --body order.json"],
  run: async ({ args: [name, wanted], options, world, show }) => {
    const secrets = ensureLocalSecrets(world.root);
    if (name === undefined) {
      const known = Object.keys(LOCAL_SOURCES).flatMap((each) => localSource(each, secrets) ?? []);
      const listed = known.map((source) => ({ source: source.name, samples: samplesOf(source).map((sample) => sample.name) }));
      show(listed, (columns) =>
        table(
          ["source", "samples"],
          listed.map((each) => [each.source, each.samples.join(", ")]),
          columns,
        ),
      );
      return EXIT.ok;
    }
    const times = wholeNumber("times", options.times, 1) ?? 1;
    const source = localSource(name, secrets);
    if (source === null) throw new Stop(EXIT.usage, `There is no source "${name}". There are: ${Object.keys(LOCAL_SOURCES).join(", ")}.`);
    const outgoing = { ...toSend(source, wanted, options.body), deliveryId: `msg_${crypto.randomUUID()}`, nowMs: world.now() };
    const origin = originOf(options.url, world.env);
    const answers: Posted[] = [];
    for (let n = 0; n < times; n++) answers.push(await postOnce(origin, source, outgoing));
    show(answers.length === 1 ? answers[0] : answers, () => answers.map(written).join("\n"));
    return answers.every(({ status }) => status < 300) ? EXIT.ok : EXIT.found;
  },
});

interface Posted {
  readonly status: number;
  readonly eventId: string | null;
  readonly body: string;
}

function toSend(source: LocalSource, wanted: string | undefined, file: string | undefined): Outgoing {
  const samples = samplesOf(source);
  const sample = wanted === undefined ? samples[0] : samples.find((known) => known.name === wanted);
  if (sample === undefined)
    throw new Stop(
      EXIT.usage,
      `"${source.name}" has no sample "${wanted ?? ""}". It has: ${samples.map((known) => known.name).join(", ")}.`,
    );
  const outgoing = filled(source, sample);
  if (file === undefined) return outgoing;
  try {
    return { ...outgoing, body: readFileSync(file, "utf8") };
  } catch {
    throw new Stop(EXIT.usage, `--body: ${file} cannot be read`);
  }
}

async function postOnce(origin: string, source: LocalSource, outgoing: Outgoing): Promise<Posted> {
  const response = await post(origin, source, outgoing).catch((error: unknown) => {
    const why = error instanceof Error ? (error.cause ?? error) : error;
    throw new Stop(EXIT.unreachable, `${origin} does not answer (${String(why)}). Start it with: npm run dev`);
  });
  return { status: response.status, eventId: response.headers.get("x-signalbox-event-id"), body: await response.text() };
}

const written = ({ status, eventId, body }: Posted): string =>
  [
    `${status} ${eventId ?? ""}`.trimEnd(),
    ...(body === "" ? [] : [body]),
    ...(eventId === null ? [] : [`What became of it: npx signalbox trace ${eventId}`]),
  ].join("\n");
