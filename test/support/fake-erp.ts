/** The sandbox ERP's list, read and write calls over a map, for tests inside workerd, where its own server cannot run. */
export class Erp {
  readonly #records = new Map<
    string,
    Record<string, unknown> & { readonly id: string; readonly updatedAt: string; readonly version: number }
  >();

  clear(): void {
    this.#records.clear();
  }

  put(collection: string, id: string, content: Readonly<Record<string, unknown>>, atMs: number): void {
    const version = (this.#records.get(`${collection}/${id}`)?.version ?? 0) + 1;
    this.#records.set(`${collection}/${id}`, { ...content, id, externalKey: id, version, updatedAt: new Date(atMs).toISOString() });
  }

  remove(collection: string, id: string): void {
    this.#records.delete(`${collection}/${id}`);
  }

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const [collection = "", ...rest] = url.pathname.split("/").slice(2).map(decodeURIComponent);
    if (!url.pathname.startsWith("/erp/")) return Response.json({ id: "R1" });
    if (request.method !== "GET") {
      const id = rest.at(-1) ?? "";
      if (request.method === "DELETE") this.remove(collection, id);
      else this.put(collection, id, await request.json<Record<string, unknown>>(), Date.now());
      return Response.json({ ...this.#records.get(`${collection}/${id}`), changed: true });
    }
    if (rest.length > 0) {
      const found = this.#records.get(`${collection}/${rest.at(-1)}`);
      return found === undefined ? Response.json({ code: "record_not_found" }, { status: 404 }) : Response.json(found);
    }
    return this.#list(collection, url.searchParams);
  }

  #list(collection: string, query: URLSearchParams): Response {
    const [since, afterId, limit] = [query.get("changedSince") ?? "", query.get("afterId") ?? "", Number(query.get("limit") ?? 100)];
    const rows = [...this.#records]
      .filter(
        ([name, { updatedAt, id }]) => name.startsWith(`${collection}/`) && (updatedAt > since || (updatedAt === since && id > afterId)),
      )
      .map(([, record]) => record)
      .toSorted((a, b) => (a.updatedAt === b.updatedAt ? (a.id < b.id ? -1 : 1) : a.updatedAt < b.updatedAt ? -1 : 1));
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return Response.json({ items, next: last === undefined ? null : { changedSince: last.updatedAt, afterId: last.id } });
  }
}
