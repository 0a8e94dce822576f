/** Every problem this Worker answers with: a stable code, its status, and a title for people. RFC 9457. */
const PROBLEMS = {
  not_found: { status: 404, title: "There is nothing here." },
  expired: { status: 410, title: "It is older than the index lists." },
  method_not_allowed: { status: 405, title: "This address takes other methods." },
  verification_failed: { status: 401, title: "The request could not be verified." },
  body_too_large: { status: 413, title: "The body is too large." },
  unsupported_encoding: { status: 415, title: "The body's encoding is not supported; send it without Content-Encoding." },
  rate_limited: { status: 429, title: "Too many requests; come back later." },
  cannot_store: { status: 503, title: "The request could not be stored; send it again later." },
  unauthenticated: { status: 401, title: "A valid bearer token is needed." },
  forbidden: { status: 403, title: "Your role does not allow this." },
  invalid_request: { status: 400, title: "The request is not valid." },
  conflict: { status: 409, title: "It is not as the call supposes." },
  not_verified: { status: 409, title: "Its sender was never verified." },
  not_dead: { status: 409, title: "This dead letter is not open any more." },
  moved_on: { status: 409, title: "A newer state was taken since; a retry would overwrite it." },
  under_way: { status: 409, title: "A request of its last attempt may still come in." },
  not_editable: { status: 422, title: "The edited data cannot be taken." },
  raw_not_archived: { status: 409, title: "The event is still on its way; its raw body is not archived yet." },
  no_payload: { status: 409, title: "The event has no data that can be shown." },
  unavailable: { status: 503, title: "A part of the router is not available; try again later." },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

export const statusOf = (code: ProblemCode): number => PROBLEMS[code].status;
export const titleOf = (code: ProblemCode): string => PROBLEMS[code].title;

interface More {
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Overrides the status where a sender needs another one to do the right thing. */
  readonly status?: number;
}

/** An `application/problem+json` answer. `detail` must not tell a stranger why verification failed. */
export function problem(code: ProblemCode, more: More = {}): Response {
  const { title } = PROBLEMS[code];
  const status = more.status ?? PROBLEMS[code].status;
  return Response.json(
    { type: "about:blank", title, status, code, ...(more.detail === undefined ? {} : { detail: more.detail }) },
    { status, headers: { ...more.headers, "content-type": "application/problem+json" } },
  );
}
