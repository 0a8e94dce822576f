const KEPT = 256;

/** Remembers what was derived of a secret, the oldest forgotten first. Holds values, never promises: those belong to one request. */
export function remembering<Input, Value>(
  derive: (input: Input) => Promise<Value>,
  nameOf: (input: Input) => string,
): (input: Input) => Promise<Value> {
  const known = new Map<string, Value>();
  return async (input) => {
    const name = nameOf(input);
    const found = known.get(name);
    if (found !== undefined) return found;
    const value = await derive(input);
    const [oldest] = known.keys();
    if (known.size >= KEPT && oldest !== undefined) known.delete(oldest);
    known.set(name, value);
    return value;
  };
}
