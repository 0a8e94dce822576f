import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STATUS_TABLE, classOfStatus } from "../../../src/destinations/outcome-of-status.ts";
import type { Outcome, ResponseSeen } from "../../../src/destinations/define.ts";
import { DESTINATIONS } from "../../../src/destinations/index.ts";
import { FAILURE_CLASSES } from "../../../src/domain/failure.ts";
import { NOW_MS, SAMPLES } from "./samples.ts";

const response = (status: number, body = "", headers: Record<string, string> = {}): ResponseSeen => ({
  status,
  body,
  headers: new Headers(headers),
  nowMs: NOW_MS,
});

const classOf = (outcome: Outcome): string => (outcome.kind === "failed" ? outcome.class : outcome.kind);

const imfDate = (ms: number): string => new Date(ms).toUTCString();

it.each(Object.keys(DESTINATIONS))("%s has samples to be tested with", (module) => {
  expect(Object.keys(SAMPLES[module]?.deliveries ?? {}).length).toBeGreaterThan(0);
});

describe.each(Object.entries(DESTINATIONS))("destination %s", (module, destination) => {
  const samples = SAMPLES[module];
  if (samples === undefined) return;
  const { connection, deliveries, successBody } = samples;
  const secrets = Object.values(connection.secrets);
  const base = new URL(connection.baseUrl);

  it("is registered under its own name", () => expect(destination.module).toBe(module));

  it("accepts its sample settings and refuses unknown ones", () => {
    expect(destination.settings.safeParse(connection.settings).success).toBe(true);
    expect(destination.settings.safeParse({ noSuchSetting: 1 }).success).toBe(false);
  });

  it("has samples of every kind it names, and their secrets", () => {
    const kinds = Object.values(deliveries).map(({ entity }) => entity.kind);
    expect(kinds).toEqual(expect.arrayContaining([...(destination.kinds ?? [])]));
    expect(Object.keys(connection.secrets)).toEqual(expect.arrayContaining([...destination.secretNames]));
  });

  describe.each(Object.entries(deliveries))("given the sample %s", (_name, delivery) => {
    it("makes a well-formed request to the base URL's host, below its path, without credentials in the URL", async () => {
      const request = await destination.toRequest(delivery, connection);
      const url = new URL(request.url);
      expect(url.origin).toBe(base.origin);
      expect(url.pathname.startsWith(base.pathname)).toBe(true);
      expect([url.username, url.password, url.hash]).toEqual(["", "", ""]);
      expect(() => new Request(url, { ...request, headers: new Headers(request.headers) })).not.toThrow();
    });

    it("names each header once, whatever the case of its letters", async () => {
      const names = Object.keys((await destination.toRequest(delivery, connection)).headers).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
    });

    it("carries trace and idempotency key", async () => {
      const headers = new Headers((await destination.toRequest(delivery, connection)).headers);
      expect(headers.get("idempotency-key")).toBe(delivery.idempotencyKey);
      expect(headers.get("x-correlation-id")).toBe(delivery.correlationId);
      expect(headers.get("traceparent")).toBe(delivery.traceparent);
      expect(headers.get("x-signalbox-occurred-at")).toBe(
        delivery.occurredAtMs === null ? null : new Date(delivery.occurredAtMs).toISOString(),
      );
    });

    it("repeats method, URL, body and idempotency key on every attempt", async () => {
      const first = await destination.toRequest(delivery, connection);
      const later = await destination.toRequest({ ...delivery, attempt: 7, nowMs: NOW_MS + 3_600_000 }, connection);
      expect([later.method, later.url, later.body]).toEqual([first.method, first.url, first.body]);
      expect(later.headers["idempotency-key"]).toBe(first.headers["idempotency-key"]);
    });

    it("puts no secret into URL or body, of delivery or read-back", async () => {
      const requests = [await destination.toRequest(delivery, connection), await destination.lookup?.toRequest(delivery, connection)];
      const seen = requests.map((request) => `${request?.url} ${request?.body}`).join("\n");
      for (const secret of secrets) expect(seen).not.toContain(secret);
    });

    it("reads back with a GET of the same host", async () => {
      const request = await destination.lookup?.toRequest(delivery, connection);
      if (request === undefined) return expect(destination.deduplicates).toBe(true);
      expect([request.method, new URL(request.url).origin, request.body]).toEqual(["GET", base.origin, undefined]);
    });
  });

  it("takes a success as applied", () => {
    expect(destination.classify(response(200, successBody)).kind).toBe("applied");
    expect(destination.classify(response(201, successBody)).kind).toBe("applied");
  });

  it.each(STATUS_TABLE.filter(({ is }) => is !== "applied").map(({ from, to }) => [from, to]))(
    "classes plain %i to %i by the table",
    (from, to) => {
      for (const status of [from, to])
        expect(classOf(destination.classify(response(status, "no more to say")))).toBe(classOfStatus(status));
    },
  );

  it.each([429, 503])("waits as a %i says, in seconds or until a date", (status) => {
    const waitMs = (value: string): unknown => destination.classify(response(status, "", { "Retry-After": value }));
    expect(waitMs("17")).toMatchObject({ retryAfterMs: 17_000 });
    expect(waitMs(imfDate(NOW_MS + 90_000))).toMatchObject({ retryAfterMs: 90_000 });
    expect(waitMs(imfDate(NOW_MS - 90_000))).toMatchObject({ retryAfterMs: 0 });
    expect(waitMs("soon")).not.toHaveProperty("retryAfterMs");
  });

  it.each([0, 100, 199, 600, 799, 999])("takes the unknown status %i as transient", (status) => {
    expect(classOf(destination.classify(response(status)))).toBe("transient");
  });

  it("never throws, and keeps no secret that a body echoes, whatever is answered", () => {
    const echoes = secrets.map(
      (secret) => `{"error":"refused Authorization: Bearer ${secret}"} signed with ${secret.startsWith("whsec_") ? secret : ""}`,
    );
    const depth = 20_000;
    const body = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.json().map((text) => `{"id":"x","errors":${text},"version":${text}}`),
      fc.constantFrom(...echoes, "{", "null", "[]", `{"id":"x","a":${"[".repeat(depth)}${"]".repeat(depth)}}`, "[".repeat(depth)),
    );
    const status = fc.oneof(fc.integer({ min: 100, max: 700 }), fc.constantFrom(200, 404, 422));
    const delivery = Object.values(deliveries)[0];
    fc.assert(
      fc.property(status, body, (code, text) => {
        const outcomes = [
          destination.classify(response(code, text)),
          ...(delivery === undefined ? [] : [destination.lookup?.classify(response(code, text), delivery)]),
        ];
        for (const outcome of outcomes) {
          for (const secret of secrets) expect(JSON.stringify(outcome ?? null)).not.toContain(secret);
          if (outcome?.kind !== "failed") continue;
          expect(FAILURE_CLASSES).toContain(outcome.class);
          expect(outcome.detail.length).toBeLessThanOrEqual(320);
        }
      }),
    );
  });
});
