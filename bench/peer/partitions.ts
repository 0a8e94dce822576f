/** As many workers as the peer's documentation's pattern for order needs to keep both cores busy: one job of a partition at a time. */
export const PARTITIONS = 16;

/** FNV-1a over the entity's key: all events of an entity meet in one partition, in the order they were added. */
export function partitionOf(entity: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < entity.length; at++) hash = Math.imul(hash ^ entity.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}

export const partitionName = (partition: number): string => `orders-${partition}`;

/** What a partition's job carries. */
export interface OrderJob {
  readonly body: string;
}
