const EVERY_MS = 1_000;

/** Node's takes headers, of which the browsers' types know nothing. */
const NodeWebSocket = WebSocket as unknown as new (
  url: string,
  options: { readonly headers: Readonly<Record<string, string>> },
) => WebSocket;

interface Reply {
  readonly id?: number;
  readonly result?: { readonly usedSize?: number };
}

/** What the router's own isolate, its objects included, holds after a collection; the simulators of its bindings are others. */
export class HeapWatch {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;
  #timer: ReturnType<typeof setInterval> | null = null;
  #peakBytes = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
  }

  /** Over the inspector of `wrangler dev`, which speaks Chrome's protocol. */
  static async on(inspectorPort: number): Promise<HeapWatch> {
    const targets = (await (await fetch(`http://127.0.0.1:${inspectorPort}/json`)).json()) as readonly { webSocketDebuggerUrl: string }[];
    const [target] = targets;
    if (target === undefined) throw new Error("the router's inspector names no isolate");
    // It lets nobody in who does not say that they are at home here.
    const socket = new NodeWebSocket(target.webSocketDebuggerUrl, { headers: { origin: "http://localhost" } });
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("the router's inspector does not answer")), { once: true });
    });
    return new HeapWatch(socket);
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
  }

  /** Answers the most that it held, in MB. */
  async stop(): Promise<number> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#look();
    this.#socket.close();
    return this.#peakBytes / 1024 / 1024;
  }

  async #look(): Promise<void> {
    await this.#ask("HeapProfiler.collectGarbage");
    const { result } = await this.#ask("Runtime.getHeapUsage");
    this.#peakBytes = Math.max(this.#peakBytes, result?.usedSize ?? 0);
  }

  #ask(method: string): Promise<Reply> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, (reply) => {
        this.#waiting.delete(id);
        resolve(reply);
      });
      this.#socket.send(JSON.stringify({ id, method }));
    });
  }
}
