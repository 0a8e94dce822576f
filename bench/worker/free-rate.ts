const known = new WeakMap<Env, Env>();

/**
 * The environment with a rate limit that always admits. In production that binding counts in the memory of the machine;
 * the local simulator writes a row in an object of its own for every request, which would be measured instead.
 */
export function withFreeRate(env: Env): Env {
  const before = known.get(env);
  if (before !== undefined) return before;
  const free: Env = { ...env, INGEST_RATE: { limit: () => Promise.resolve({ success: true }) } };
  known.set(env, free);
  return free;
}
