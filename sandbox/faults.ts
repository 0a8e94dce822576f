import { isRecord, parseExact } from "./exact-json.ts";
import { SYSTEM_NAMES, json, problem, validation, type Answer, type Call, type SystemName } from "./http-types.ts";

const MODES = ["status", "delay", "cutBefore", "cutAfterCommit", "validation", "throttle"] as const;

export interface Fault {
  readonly id: string;
  readonly system: SystemName;
  readonly mode: (typeof MODES)[number];
  /** For `status`. */
  readonly status: number;
  /** Waited first, in any mode. */
  readonly delayMs: number;
  /** Sent as Retry-After: seconds, or an HTTP date. */
  readonly retryAfter: string | null;
  /** Requests it still strikes; null: until it is cleared. */
  readonly remaining: number | null;
  /** Part of the path that a request must have. */
  readonly match: string;
  /** Texts that its body must have, all of them. */
  readonly body: readonly string[];
  readonly message: string;
  /** Requests it struck. */
  readonly struck: number;
}

/** What shall go wrong, set while the sandbox runs. Kept in memory; the oldest fault that fits a request strikes it. */
export class Faults {
  readonly #faults = new Map<string, Fault>();
  #lastId = 0;

  /** The fault that strikes this request, counted; null when all is well. */
  strike(system: string, path: string, body: string): Fault | null {
    for (const fault of this.#faults.values()) {
      if (fault.system !== system || fault.remaining === 0 || !path.includes(fault.match)) continue;
      if (!fault.body.every((text) => body.includes(text))) continue;
      const struck = { ...fault, struck: fault.struck + 1, remaining: fault.remaining === null ? null : fault.remaining - 1 };
      this.#faults.set(fault.id, struck);
      return struck;
    }
    return null;
  }

  answer(call: Call): Answer {
    const [id] = call.path;
    if (call.method === "GET" && id === undefined) return json(200, { items: [...this.#faults.values()] });
    if (call.method === "POST" && id === undefined) return this.#add(call);
    if (call.method !== "DELETE") return problem(405, "method_not_allowed", `${call.method} is not possible here`);
    if (id !== undefined && !this.#faults.delete(id)) return problem(404, "fault_not_found", "there is no such fault");
    if (id === undefined) this.#faults.clear();
    return json(200, { items: [...this.#faults.values()] });
  }

  #add(call: Call): Answer {
    const wanted = parseExact(call.body);
    if (!isRecord(wanted)) return problem(400, "malformed", "the body must be a JSON object");
    const system = SYSTEM_NAMES.find((name) => name === wanted["system"]);
    const mode = MODES.find((name) => name === wanted["mode"]);
    if (system === undefined) return validation([{ field: "system", message: `must be one of ${SYSTEM_NAMES.join(", ")}` }]);
    if (mode === undefined) return validation([{ field: "mode", message: `must be one of ${MODES.join(", ")}` }]);
    const { status, delayMs, retryAfter, times, match, message, body } = wanted;
    const fault: Fault = {
      id: `fault_${++this.#lastId}`,
      system,
      mode,
      status: wholeOr(status, 503),
      delayMs: wholeOr(delayMs, 0),
      retryAfter: typeof retryAfter === "string" || typeof retryAfter === "number" ? String(retryAfter) : null,
      remaining: typeof times === "number" ? wholeOr(times, 1) : null,
      match: typeof match === "string" ? match : "",
      body: (Array.isArray(body) ? (body as readonly unknown[]) : [body]).filter((text) => typeof text === "string"),
      message: typeof message === "string" ? message : "a fault switched on in the sandbox",
      struck: 0,
    };
    this.#faults.set(fault.id, fault);
    return json(201, { id: fault.id });
  }
}

const wholeOr = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : otherwise;

/** What a fault answers in a system's stead; null where the system is to answer after all, or nobody. */
export function answerOfFault(fault: Fault): Answer | null {
  const retryAfter = fault.retryAfter === null ? {} : { "retry-after": fault.retryAfter };
  switch (fault.mode) {
    case "status":
      return withHeaders(problem(fault.status, "fault", fault.message), retryAfter);
    case "throttle":
      return withHeaders(problem(429, "throttled", fault.message), { "retry-after": "1", ...retryAfter });
    case "validation":
      return validation([{ field: "record", message: fault.message }]);
    case "delay":
    case "cutBefore":
    case "cutAfterCommit":
      return null;
  }
}

const withHeaders = (answer: Answer, headers: Readonly<Record<string, string>>): Answer => ({
  ...answer,
  headers: { ...answer.headers, ...headers },
});
