import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Stands between the router and Tryton. Told to, it loses an answer: the effect is there, and nobody hears of it. Or it
 * answers as Tryton does while somebody keeps a record locked: come again. Or as it does when a rule of the company forbids it.
 */
export class TrytonProxy {
  readonly #target: string;
  readonly #server = createServer((request, response) => void this.#pass(request, response));
  #losing: string | null = null;
  readonly #locked = new Set<string>();
  readonly #refused: { readonly method: string; readonly saying: string }[] = [];
  /** RPC methods that were passed on, in order. */
  readonly calls: string[] = [];
  lost = 0;

  private constructor(target: string) {
    this.#target = target;
  }

  static async before(target: string): Promise<TrytonProxy> {
    const proxy = new TrytonProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${new URL(this.#target).pathname}`;
  }

  /** The next answer to this method is lost. */
  loseAnswerTo(method: string): void {
    this.#losing = method;
  }

  /** No write to this record goes through, until it is unlocked. */
  lock(model: string, id: number): void {
    this.#locked.add(`model.${model}.write ${id}`);
  }

  /** Calls of this method with these words in them break a rule of the company. */
  refuse(method: string, saying: string): void {
    this.#refused.push({ method, saying });
  }

  unlockAll(): void {
    this.#locked.clear();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString("utf8");
      const { method, params } = JSON.parse(body) as { readonly method: string; readonly params: readonly unknown[] };
      if (this.#locked.has(`${method} ${String((params[0] as readonly unknown[] | undefined)?.[0])}`))
        return answer(response, ["database is locked", ""]);
      if (this.#refused.some((rule) => rule.method === method && body.includes(rule.saying)))
        return answer(response, ["UserError", ["It breaks a rule of the company.", "", null]]);
      const headers = Object.fromEntries(["authorization", "content-type"].map((name) => [name, request.headers[name]?.toString() ?? ""]));
      const answered = await fetch(`${this.#target}/`, { method: "POST", headers, body });
      const text = await answered.text();
      this.calls.push(method);
      if (method === this.#losing) {
        this.#losing = null;
        this.lost++;
        request.socket.destroy();
        return;
      }
      response.writeHead(answered.status, { "content-type": answered.headers.get("content-type") ?? "text/plain" });
      response.end(text);
    } catch {
      // The ERP is down: so is this way to it.
      request.socket.destroy();
    }
  }
}

function answer(response: ServerResponse, error: readonly unknown[]): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ id: 1, error }));
}
