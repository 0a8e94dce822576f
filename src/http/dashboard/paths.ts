const part = encodeURIComponent;

/** The dashboard's addresses, so that no page spells another's. */
export const PATHS = {
  overview: "/ops",
  events: "/ops/events",
  event: (id: string) => `/ops/events/${part(id)}`,
  raw: (id: string) => `/ops/events/${part(id)}/raw`,
  entity: ({ kind, key }: { readonly kind: string; readonly key: string }) => `/ops/entities/${part(kind)}/${part(key)}`,
  trace: "/ops/trace",
  deadLetters: "/ops/dead-letters",
  deadLetter: (id: string) => `/ops/dead-letters/${part(id)}`,
  drift: "/ops/drift",
  finding: (id: string) => `/ops/drift/${part(id)}`,
  replays: "/ops/replays",
  newReplay: "/ops/replays/new",
  replay: (id: string) => `/ops/replays/${part(id)}`,
  alerts: "/ops/alerts",
  alert: (id: string) => `/ops/alerts/${part(id)}`,
  destinations: "/ops/destinations",
  sources: "/ops/sources",
  source: (name: string) => `/ops/sources/${part(name)}`,
  slas: "/ops/slas",
  sla: (name: string) => `/ops/slas/${part(name)}`,
  ownership: "/ops/ownership",
  audit: "/ops/audit",
  signIn: "/ops/sign-in",
  signOut: "/ops/sign-out",
} as const;
