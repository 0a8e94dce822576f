import { expect, it } from "vitest";
import type { Reply, SourceDefinition } from "../../src/sources/define.ts";
import { SOURCES } from "../../src/sources/index.ts";
import { describeVerification, verdictOf } from "../../src/verification/index.ts";
import { bytes, decodeWith, filledSample, itemsOf, liveFor, prove, signedFor } from "./support.ts";

const COLUMNS = ["sender", "proof", "verdicts", "handshakes", "answers", "delivery id", "order", "samples"] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

const distinct = (words: readonly string[]): string => [...new Set(words)].join(", ");
const status = (answer: Reply | "accepted"): string => (answer === "accepted" ? "202" : String(answer.status));

/** What a sender's requests come to, each verdict found by trying. */
async function rowOf(source: SourceDefinition): Promise<Row> {
  const read = source.samples.map((sample) => {
    const live = liveFor(source, sample);
    const verification = source.verification(live.settings);
    const { body, headers } = filledSample(sample, verification);
    const [item] = itemsOf(decodeWith(source, live, bytes(body), { contentType: sample.contentType, headers, query: sample.query ?? "" }));
    return { sample, live, verification, body: bytes(body), headers, query: sample.query ?? "", item };
  });
  const verdicts = await Promise.all(
    read.map(async ({ verification, body, headers, query }) => {
      const proof = await prove({ verification, body, headers, signed: signedFor(verification, body, { headers, query }) });
      const other = await prove({
        verification,
        body,
        headers,
        signed: signedFor(verification, body, { headers, query, seed: "another" }),
      });
      return [proof.ok ? proof.value.verdict : `FAILED ${proof.failure}`, other.ok ? "" : `failed: ${other.failure}`];
    }),
  );
  const { statusPolicy } = source;
  return {
    sender: source.scheme,
    proof: distinct(read.map(({ verification }) => describeVerification(verification))).slice(0, 70),
    verdicts: distinct(verdicts.flat().filter((word) => word !== "")),
    handshakes: distinct(read.flatMap(({ live }) => (source.handshakes?.(live.settings) ?? []).map(({ kind }) => kind))) || "-",
    answers: [statusPolicy.stored, statusPolicy.notUnderstood]
      .map(status)
      .concat([statusPolicy.notVerified, statusPolicy.cannotStore, statusPolicy.rateLimited].map(String))
      .join("/"),
    "delivery id": distinct(read.map(({ item }) => (item?.deliveryId === null ? "header or synthetic" : "body"))),
    order: distinct(read.map(({ item }) => `${item?.nature} by ${item?.order.kind}${item?.scope === undefined ? "" : " per part"}`)),
    samples: String(source.samples.length),
  };
}

it("every sender's proof, verdicts, handshakes, answers and order, in one table", async () => {
  const rows = await Promise.all(Object.values(SOURCES).map(rowOf));
  const widths = COLUMNS.map((column) => Math.max(column.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  console.log(
    [
      `answers: stored/not understood/not verified/cannot store/too many`,
      line(COLUMNS),
      ...rows.map((row) => line(COLUMNS.map((column) => row[column]))),
    ].join("\n"),
  );
  for (const row of rows) {
    expect(row.verdicts, row.sender).toMatch(/verified|authenticated|unattempted/);
    expect(row.verdicts, row.sender).not.toContain("FAILED");
    expect(Object.values(row).every((cell) => cell !== "")).toBe(true);
  }
  expect(rows.map((row) => row.sender).toSorted()).toEqual(Object.keys(SOURCES).toSorted());
  for (const source of Object.values(SOURCES)) {
    const [sample] = source.samples;
    expect(verdictOf(source.verification(liveFor(source, sample ?? {}).settings))).not.toBe("unattempted");
  }
});
