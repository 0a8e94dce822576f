import { describe, expect, it } from "vitest";
import { ok } from "../../src/domain/result.ts";
import { receive, type ReceivePorts } from "../../src/http/receive.ts";
import type { LiveSource, Proven } from "../../src/pipeline/ingest/ports.ts";
import { SOURCES } from "../../src/sources/index.ts";

const PROOF: Proven = { verdict: "failed", secretId: "none", deliveryId: null, replayOf: null };

/** SAP's source, which consents to an origin only with the proof that its posts carry; `proof` is what proving comes to. */
function ports(proof: Proven): ReceivePorts {
  const definition = SOURCES["sap-event-mesh"];
  if (definition === undefined) throw new Error("no source");
  const settings = definition.settings.parse(definition.samples[0]?.settings ?? {});
  const source = { name: "sap", definition, settings, config: {}, secrets: () => [] } as unknown as LiveSource;
  return {
    source: () => ok(source),
    admits: async () => ({ admitted: true }),
    prove: async () => ({ kind: "proven", proof }),
    rejected: () => undefined,
    shook: () => undefined,
    clientCertificate: () => null,
    clock: () => 0,
  } as unknown as ReceivePorts;
}

const options = (): Request =>
  new Request("https://edge.example.test/in/sap", { method: "OPTIONS", headers: { "webhook-request-origin": "mesh.example.com" } });

describe("a handshake that needs proof", () => {
  it("is refused where a failed proof is only kept in quarantine", async () => {
    const answer = await receive(
      options(),
      { source: "sap", account: null },
      ports({ ...PROOF, quarantine: "not verified: token_mismatch" }),
    );
    expect(answer.status).toBe(401);
    expect(answer.headers.get("webhook-allowed-origin")).toBeNull();
  });

  it("is answered where the proof holds", async () => {
    const answer = await receive(options(), { source: "sap", account: null }, ports({ ...PROOF, verdict: "authenticated", secretId: "A" }));
    expect(answer.headers.get("webhook-allowed-origin")).toBe("mesh.example.com");
  });
});
