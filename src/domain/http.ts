/** An HTTP request in words; only an adapter sends it. */
export interface RequestSpec {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Set where it changes nothing although its method is not GET, such as a query that travels in a POST. */
  readonly reads?: true;
}

export interface ResponseSeen {
  readonly status: number;
  /** What a platform's Headers can do, as far as an answer is read. */
  readonly headers: { get(name: string): string | null };
  /** At most LIMITS.responseBytesRead of it; of a reading request LIMITS.pageBytesRead. */
  readonly body: string;
  readonly nowMs: number;
}

/** Whether a request can be sent again without a second effect, since it has none. */
export const onlyReads = (request: RequestSpec): boolean => request.reads === true || request.method === "GET";
