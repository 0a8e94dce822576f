import type { Served } from "../bare-workerd.ts";
import { LINES_4_KB, LINES_64_KB, salesforceNotification, salesforceRequest, signedOrder } from "../bodies.ts";
import { closedLoop, fixedRate, type Load } from "../load.ts";
import { cpuMs } from "../processes.ts";
import { info, judged, number, type Row, type SuiteResult } from "../report.ts";
import { bareSides } from "../sides.ts";
import { compare, interleave, isVoid, median, percentile, type Compared, type Round } from "../statistics.ts";
import { salesforceOutboundMessage } from "../../src/sources/salesforce-outbound-message.ts";
import type { Scope } from "./suite.ts";

const PAUSE_MS = 100;
const RATE = 300;
const SOAP_BUDGET_MICROS = 300;

interface Slot {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

/** Signed anew for each slot, since signatures age. */
const orders = (lines: number, count: number, path = "/in/orders"): Buffer[] =>
  Array.from({ length: count }, (_none, index) => signedOrder(path, { entity: `O${index}`, version: 1, seq: `1-${index}-1`, lines }));

async function throughput(served: Served, load: Omit<Load, "port">, durationMs: number): Promise<Slot> {
  const cpuBefore = cpuMs(served.pid);
  const { requests, wallMs } = await closedLoop({ ...load, port: served.port }, durationMs);
  return { perSecond: (requests * 1000) / wallMs, cpuMicros: ((cpuMs(served.pid) - cpuBefore) * 1000) / requests };
}

type Pair = Awaited<ReturnType<typeof bareSides>>;

function sized(pair: Pair, lines: number, slotMs: number): (served: keyof Pair) => Promise<Slot> {
  const count = lines === LINES_4_KB ? 64 : 16;
  return (served) => throughput(pair[served], { status: 202, requests: orders(lines, count) }, slotMs);
}

/** The same Worker and the same requests, to a source with a rate that is never reached and to one without. */
const rated = (pair: Pair, slotMs: number) => {
  const to = (path: string): Promise<Slot> => throughput(pair.ours, { status: 202, requests: orders(LINES_4_KB, 64, path) }, slotMs);
  return { floor: () => to("/in/orders"), ours: () => to("/in/orders-rated") };
};

function ratedRow(rounds: readonly Round<Slot>[]): Row {
  const rate = compare(rounds, (slot) => slot.perSecond);
  return judged(
    { what: "ingest 4 KB with a rate, requests/s (floor: without)", ours: number(rate.ours), floor: number(rate.floor), ratio: rate.ratio },
    rate.ratio,
    { atLeast: 0.9, unit: "x", limitedBy: "leases of tokens", voided: voidedBy(rate) },
  );
}

const voidedBy = (compared: Compared): string | null => (isVoid(compared) ? `floor against itself ${number(compared.control, 2)}x` : null);

function throughputRows(size: string, rounds: readonly Round<Slot>[], cpuBudget: number): Row[] {
  const rate = compare(rounds, (slot) => slot.perSecond);
  const cpu = compare(rounds, (slot) => slot.cpuMicros);
  const rateRow = { what: `ingest ${size}, requests/s`, ours: number(rate.ours), floor: number(rate.floor), ratio: rate.ratio };
  const limitedBy = "one thread is busy all the time: CPU per request decides";
  return [
    size === "4 KB" ? judged(rateRow, rate.ratio, { atLeast: 0.85, unit: "x", limitedBy, voided: voidedBy(rate) }) : info(rateRow),
    judged({ what: `ingest ${size}, CPU us/request`, ours: number(cpu.ours), floor: number(cpu.floor), ratio: cpu.ratio }, cpu.ratio, {
      atMost: cpuBudget,
      unit: "x",
      limitedBy: LIMITED[size] ?? "",
      voided: voidedBy(cpu),
    }),
    info({ what: `  floor against itself, ${size}`, ours: "", floor: "", ratio: rate.control }),
  ];
}

const LIMITED: Readonly<Record<string, string>> = {
  "4 KB": "envelope and content hash, a message with body and data, the timer around the send, verification steps",
  "64 KB": "body and data go to R2 in two requests, beside the queue's one",
};

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

async function latencySlot(served: Served, durationMs: number): Promise<Latency> {
  const load = { port: served.port, status: 202, requests: orders(LINES_4_KB, 64) };
  const latencies = await fixedRate(load, RATE, durationMs);
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

function latencyRows(rounds: readonly Round<Latency>[]): Row[] {
  const p50 = compare(rounds, (slot) => slot.p50);
  const p99 = compare(rounds, (slot) => slot.p99);
  return [
    judged({ what: `ack p50 at ${RATE}/s, ms`, ours: number(p50.ours, 2), floor: number(p50.floor, 2), ratio: p50.ratio }, p50.ratio, {
      atMost: 1.5,
      unit: "x",
      limitedBy: "CPU per request",
      voided: voidedBy(p50),
    }),
    info({
      what: `ack p99 at ${RATE}/s, ms (noise, not ranked)`,
      ours: number(p99.ours, 1),
      floor: number(p99.floor, 1),
      ratio: p99.ratio,
    }),
  ];
}

/** The whole request through our Worker: HTTP, XML, mapping, envelope, queue. */
async function soapMicros(served: Served, slotMs: number, slots: number): Promise<number> {
  const requests = Array.from({ length: 64 }, (_none, index) => salesforceRequest(index));
  const micros: number[] = [];
  for (let slot = 0; slot <= slots; slot++) micros.push((await throughput(served, { status: 200, requests }, slotMs)).cpuMicros);
  return median(micros.slice(1));
}

const DECODINGS = 3_000;

/** Reading the notification alone, in this process: the same engine, without HTTP and storage. */
function soapDecodeMicros(): number {
  const settings = { organizationIds: ["00D24000000abcDEAQ"], currency: "EUR", stages: {} };
  const context = { settings, objects: salesforceOutboundMessage.objects(settings) };
  const read = (serial: number): void => {
    const body = Buffer.from(salesforceNotification(serial));
    const decoded = salesforceOutboundMessage.decode(
      { body, headers: new Headers(), url: new URL("http://router.test/in/salesforce"), contentType: "text/xml", receivedAtMs: 0 },
      context,
    );
    if (!decoded.ok) throw new Error(`the notification was not read: ${JSON.stringify(decoded.failure)}`);
  };
  for (let serial = 0; serial < DECODINGS; serial++) read(serial);
  const before = process.cpuUsage();
  for (let serial = 0; serial < DECODINGS; serial++) read(serial);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / DECODINGS;
}

/** Our whole ingest against a Worker that only verifies, parses and sends: same runtime, same stub queue, no disk. */
export async function ingest({ quick, directory }: Scope): Promise<SuiteResult> {
  const pair = await bareSides(directory);
  try {
    const slotMs = quick ? 500 : 1_000;
    const rounds = quick ? 5 : 7;
    const small = sized(pair, LINES_4_KB, slotMs);
    const large = sized(pair, LINES_64_KB, slotMs);
    const fourKb = await interleave({ floor: () => small("floor"), ours: () => small("ours") }, rounds, PAUSE_MS);
    const sixtyFourKb = await interleave({ floor: () => large("floor"), ours: () => large("ours") }, rounds, PAUSE_MS);
    const limited = await interleave(rated(pair, slotMs), rounds, PAUSE_MS);
    const rateMs = quick ? 800 : 2_000;
    const acks = await interleave(
      { floor: () => latencySlot(pair.floor, rateMs), ours: () => latencySlot(pair.ours, rateMs) },
      quick ? 3 : 5,
      PAUSE_MS,
    );
    const soap = await soapMicros(pair.ours, slotMs, quick ? 3 : 7);
    const soapDecode = soapDecodeMicros();
    const soapRow = { what: "4 KB SOAP notification, CPU us (whole request)", ours: number(soap) };
    return {
      rows: [
        ...throughputRows("4 KB", fourKb, 1.25),
        ...throughputRows("64 KB", sixtyFourKb, 1.3),
        ratedRow(limited),
        ...latencyRows(acks),
        judged(soapRow, soap, {
          atMost: SOAP_BUDGET_MICROS,
          unit: " us",
          limitedBy: "XML parsing and mapping, on top of what any request costs",
        }),
        info({ what: "  of it, reading the XML and mapping it, CPU us", ours: number(soapDecode) }),
      ],
      notes: [
        "ingest: bare workerd on both sides, one stub queue service each; our bodies above what a message holds go to a stub bucket service",
        "ingest: ours runs bench/router.config.ts (one HMAC source, one order map with the floor's fields)",
      ],
      data: { fourKb, sixtyFourKb, limited, acks, soapMicros: soap, soapDecodeMicros: soapDecode },
    };
  } finally {
    await Promise.all([pair.floor.stop(), pair.ours.stop()]);
  }
}
