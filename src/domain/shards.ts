/** FNV-1a over UTF-16 units, and the last mixing of MurmurHash3: spreads names evenly, and always the same way. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  // FNV's low bits follow the low bits of the letters alone; alike names would go everywhere together.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Which of `count` queues or databases a name belongs to, from 0. */
export const shardOf = (name: string, count: number): number => (count <= 1 ? 0 : hashOf(name) % count);
