import { LIMITS } from "./limits.ts";

/** Envelopes share a queue message one a line: JSON that we write ourselves never holds a line break. */
const BETWEEN = "\n";

/** The envelopes of a queue message, each as its own JSON text. */
export const unbundled = (text: string): readonly string[] => text.split(BETWEEN);

/** A text, and its size in UTF-8. */
export interface Measured {
  readonly text: string;
  readonly bytes: number;
}

/**
 * These envelopes in as few messages as their order lets them fit: a queue charges for each message of up to 64 KB,
 * whatever is in it. An envelope that is larger goes alone.
 */
export function bundled(texts: readonly Measured[]): readonly Measured[] {
  const bundles: { texts: string[]; bytes: number }[] = [];
  for (const { text, bytes } of texts) {
    const last = bundles.at(-1);
    const together = (last?.bytes ?? 0) + BETWEEN.length + bytes;
    if (last !== undefined && last.texts.length < LIMITS.bundleEvents && together <= LIMITS.bundleBytes) {
      last.texts.push(text);
      last.bytes = together;
    } else bundles.push({ texts: [text], bytes });
  }
  return bundles.map((bundle) => ({ text: bundle.texts.join(BETWEEN), bytes: bundle.bytes }));
}
