import { isJsonObject, parseJson, type JsonObject } from "../../src/domain/json.ts";
import { LATE_MS, sleep, type Faults } from "./boundaries.ts";
import type { Post } from "./router.ts";

/** One change in a destination: of which record, in which of its versions, under which key. */
export interface Effect {
  readonly destination: string;
  readonly entity: string;
  readonly version: number;
  readonly key: string;
}

/** Longer than it takes to end an object. */
const LAST_BREATH_MS = 400;

/** All destinations: each applies a key once, keeps what it applied in order, and fails as it is told to. */
export class StruckDestinations {
  readonly effects: Effect[] = [];
  /** Objects that must end now, at the step that their attempt has reached. */
  readonly doomed: string[] = [];
  readonly #faults: Faults;
  readonly #keys = new Set<string>();
  readonly #records = new Map<string, JsonObject>();
  /** Planted: a key that does not stay the same over retries. */
  forgetsKeys = false;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  async answer(post: Post): Promise<Response> {
    const { destination, entity, content } = readPost(post);
    const dies = this.#faults.strike("objectAttempting");
    if (dies === "diesBeforeEffect") return this.#die(entity);
    const how = this.#faults.strike("destination");
    if (how === "refuses") throw new Error("the connection was refused");
    if (how === "isDown") return new Response("down for maintenance", { status: 503 });
    if (how === "throttles") return new Response("", { status: 429, headers: { "retry-after": "7" } });
    if (how === "refusesData") return Response.json({ code: "validation", errors: [] }, { status: 422 });
    const answer = post.method === "GET" ? this.#find(entity) : this.#apply(post, { destination, entity, content });
    if (dies === "diesAfterEffect") return this.#die(entity);
    if (how === "losesAnswer") throw new Error("the connection was reset");
    if (how === "answersLate") await sleep(LATE_MS);
    return answer;
  }

  async #die(entity: string): Promise<Response> {
    this.doomed.push(entity);
    await sleep(LAST_BREATH_MS);
    throw new Error("nobody hears this");
  }

  #find(entity: string): Response {
    const record = this.#records.get(entity);
    return record === undefined ? Response.json({ code: "record_not_found" }, { status: 404 }) : Response.json(record);
  }

  #apply(post: Post, { destination, entity, content }: ReturnType<typeof readPost>): Response {
    const key = post.headers.get("idempotency-key") ?? "";
    const seen = `${destination} ${key}`;
    if (this.forgetsKeys || !this.#keys.has(seen)) {
      this.#keys.add(seen);
      this.effects.push({ destination, entity, key, version: versionOf(content) });
      this.#records.set(entity, { ...content, id: `R-${entity}`, version: versionOf(content) });
    }
    return Response.json({ id: `R-${entity}`, version: versionOf(content) });
  }
}

/** A record's version is told in the field that every destination gets of its kind. */
export const versionText = (version: number): string => `v${version}`;
const versionOf = ({ name, number }: JsonObject): number => Number(String(name ?? number).slice(1));

/** The ERP names the record in its address, the others in the body. */
function readPost({ url, body }: Post): { readonly destination: string; readonly entity: string; readonly content: JsonObject } {
  const [destination = "", collection = "", , key = ""] = new URL(url).pathname.split("/").slice(1);
  const parsed = parseJson(body);
  const content = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  if (destination === "erp") return { destination, entity: `${collection.replace(/s$/, "")}/${key}`, content };
  const { data } = content;
  const told = isJsonObject(data) ? data : {};
  return { destination, entity: `${String(told["kind"])}/${String(told["key"])}`, content: told };
}
