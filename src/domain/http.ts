/** An HTTP request in words; only an adapter sends it. */
export interface RequestSpec {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ResponseSeen {
  readonly status: number;
  /** What a platform's Headers can do, as far as an answer is read. */
  readonly headers: { get(name: string): string | null };
  /** At most LIMITS.responseBytesRead of it. */
  readonly body: string;
  readonly nowMs: number;
}
