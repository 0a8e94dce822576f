import { describe, expect, it } from "vitest";
import type { VerdictPolicy } from "../../src/domain/config.ts";
import type { Envelope } from "../../src/domain/event.ts";
import { fail, ok } from "../../src/domain/result.ts";
import { prove, takeIn } from "../../src/pipeline/ingest/ingest.ts";
import type { Arrival, IngestPorts, LiveSource } from "../../src/pipeline/ingest/ports.ts";
import type { OddPart, Part, SourceDefinition } from "../../src/sources/define.ts";
import type { Proof } from "../../src/verification/define.ts";
import { sha256 } from "../support/world.ts";

interface Situation {
  readonly proof?: Proof["verdict"] | null;
  readonly onVerdict?: VerdictPolicy;
  readonly parts?: readonly Part[];
}

const part = (key: string, content = key): Part => ({
  deliveryId: null,
  type: "case.changed",
  occurredAtMs: null,
  order: { kind: "int", value: "1" },
  nature: "snapshot",
  deleted: false,
  entity: { kind: "case", key, data: { subject: key } },
  content,
});

const odd = (what: OddPart["odd"]): OddPart => ({ odd: what, type: "x", deliveryId: null, detail: "its words", content: what });

function situation({ proof = "verified", onVerdict, parts = [part("1")] }: Situation) {
  const sent: Envelope[] = [];
  const ports: IngestPorts = {
    verify: async () =>
      proof === null ? fail("signature_mismatch") : ok({ verdict: proof, secretId: "A", timestampMs: null, deliveryId: "delivery-1" }),
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    sha256: async (data) => sha256(new TextDecoder().decode(data)),
    putBody: () => Promise.reject(new Error("nothing here is large")),
    enqueue: async (_priority, messages) => void sent.push(...messages.map(({ text }) => JSON.parse(text) as Envelope)),
    spill: () => Promise.reject(new Error("the queue takes it")),
  };
  const definition = { decode: () => ok(parts) } as unknown as SourceDefinition;
  const config = { scheme: "test", owner: "o", secrets: [], priority: "standard", ...(onVerdict === undefined ? {} : { onVerdict }) };
  const source = {
    name: "desk",
    definition,
    config,
    settings: {},
    objects: {},
    verification: { kind: "none" },
    secrets: () => [],
    configVersion: "1",
  };
  const arrival: Arrival = {
    source: source as unknown as LiveSource,
    account: null,
    secrets: [],
    method: "POST",
    body: new TextEncoder().encode("{}"),
    headers: new Headers(),
    url: new URL("https://edge.example.test/in/desk"),
    clientCertificate: null,
    receivedAtMs: Date.UTC(2026, 10, 24),
  };
  return { ports, arrival, sent };
}

async function receive(given: Situation) {
  const { ports, arrival, sent } = situation(given);
  const proven = await prove(arrival, ports);
  return { outcome: proven.kind === "proven" ? await takeIn(arrival, proven.proof, ports) : proven, sent };
}

describe("the four verdicts", () => {
  it.each<[Situation["proof"], VerdictPolicy | undefined, string]>([
    ["verified", undefined, "accepted"],
    ["verified", { authenticated: "reject", unattempted: "reject", failed: "reject" }, "accepted"],
    ["authenticated", undefined, "accepted"],
    ["authenticated", { authenticated: "quarantine" }, "quarantined"],
    ["authenticated", { authenticated: "reject" }, "verdict_not_allowed"],
    ["unattempted", undefined, "verdict_not_allowed"],
    ["unattempted", { unattempted: "quarantine" }, "quarantined"],
    ["unattempted", { unattempted: "accept" }, "accepted"],
    [null, undefined, "signature_mismatch"],
    [null, { failed: "quarantine" }, "quarantined"],
  ])("%s under %j is %s", async (proof, onVerdict, expected) => {
    const { outcome, sent } = await receive({
      ...(proof === undefined ? {} : { proof }),
      ...(onVerdict === undefined ? {} : { onVerdict }),
    });
    const said = outcome.kind === "stored" ? outcome.status : outcome.kind === "rejected" ? outcome.reason : outcome.kind;
    expect(said).toBe(expected);
    if (outcome.kind === "rejected") expect(sent).toEqual([]);
    else expect(sent).toMatchObject([{ verdict: proof ?? "failed", what: expected === "accepted" ? "entity" : "quarantine" }]);
  });

  it("a quarantined one says why, in words, and is not read as an event", async () => {
    const { sent } = await receive({ proof: null, onVerdict: { failed: "quarantine" } });
    expect(sent).toMatchObject([{ what: "quarantine", reason: "not verified: signature_mismatch" }]);
  });
});

describe("the parts of one request", () => {
  it("are events of their own: each with its identity, and one that cannot be read sets only itself aside", async () => {
    const { outcome, sent } = await receive({ parts: [part("1"), odd("unintelligible"), part("2"), odd("unmapped")] });
    expect(outcome).toMatchObject({
      kind: "stored",
      status: "accepted",
      ids: [expect.any(String), expect.any(String), expect.any(String), expect.any(String)],
    });
    expect(sent.map(({ what, part: at, deliveryId }) => [what, at, deliveryId]).toSorted((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
      ["entity", 0, "delivery-1#0"],
      ["quarantine", 1, "delivery-1#1"],
      ["entity", 2, "delivery-1#2"],
      ["ignored", 3, "delivery-1#3"],
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(4);
  });

  it("that are all unreadable make the answer quarantined", async () => {
    expect((await receive({ parts: [odd("unintelligible"), odd("unintelligible")] })).outcome).toMatchObject({ status: "quarantined" });
  });

  it("can be put in again alone, under the id they had", async () => {
    const { ports, arrival, sent } = situation({ parts: [part("1"), part("2"), part("3")] });
    const proof = { verdict: "verified" as const, secretId: "A", deliveryId: "delivery-1", replayOf: "evt_before", onlyPart: 1 };
    await takeIn(arrival, proof, ports);
    expect(sent).toMatchObject([{ entity: { key: "2" }, part: 1, replayOf: "evt_before" }]);
  });

  it("without any id of the sender's are the same delivery when they come again, and another when they say something else", async () => {
    const ids = async (content: string): Promise<readonly string[]> => {
      const { ports, arrival, sent } = situation({ parts: [part("1", content)] });
      await takeIn(arrival, { verdict: "verified", secretId: "A", deliveryId: null, replayOf: null }, ports);
      return sent.map(({ deliveryId, synthetic }) => `${deliveryId} ${synthetic}`);
    };
    expect(await ids("same")).toEqual(await ids("same"));
    expect(await ids("same")).not.toEqual(await ids("other"));
  });

  it("that are hints without id and time are each a delivery of their own, since the second may tell of a later change", async () => {
    const hint: Part = { ...(part("1") as Exclude<Part, OddPart>), nature: "hint", order: { kind: "none" } };
    const ids = new Set<string>();
    for (let times = 0; times < 2; times++) {
      const { ports, arrival, sent } = situation({ parts: [hint] });
      await takeIn(arrival, { verdict: "verified", secretId: "A", deliveryId: null, replayOf: null }, ports);
      for (const { deliveryId } of sent) ids.add(deliveryId);
    }
    expect(ids.size).toBe(2);
  });
});
