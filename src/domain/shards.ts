/** FNV-1a over UTF-16 units: spreads names evenly, and always the same way. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  // The low bits of FNV alone repeat with the last characters.
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

/** Which of `count` queues or databases a name belongs to, from 0. */
export const shardOf = (name: string, count: number): number => (count <= 1 ? 0 : hashOf(name) % count);
