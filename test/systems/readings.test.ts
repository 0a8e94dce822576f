import path from "node:path";
import { expect, it } from "vitest";
import type { SourceDefinition } from "../../src/sources/define.ts";
import { SOURCES } from "../../src/sources/index.ts";
import { bytes, decodeWith, filledSample, itemsOf, liveFor } from "./support.ts";

/** What each sample of a source becomes, and what its sender hears: in full, for a person to check against the sender's documentation. */
function readingsOf(source: SourceDefinition): object {
  const samples = source.samples.map((sample) => {
    const live = liveFor(source, sample);
    const { body, headers } = filledSample(sample, source.verification(live.settings));
    const read = {
      headers,
      ...(sample.contentType === undefined ? {} : { contentType: sample.contentType }),
      ...(sample.query === undefined ? {} : { query: sample.query }),
    };
    return [sample.name, itemsOf(decodeWith(source, live, bytes(body), read))] as const;
  });
  return { hears: source.statusPolicy, comesAgainFor: source.behaviour.retries, samples: Object.fromEntries(samples) };
}

it.each(Object.entries(SOURCES))("what becomes of a sample of %s is what was written down", async (scheme, source) => {
  const text = `${JSON.stringify(readingsOf(source), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(path.join(import.meta.dirname, "readings", `${scheme}.txt`));
});
