import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { ROOT } from "./bundle.ts";

export interface Consumer {
  readonly maxBatchSize: number;
  /** Seconds. */
  readonly maxBatchTimeout: number;
  readonly maxRetries: number;
  readonly retryDelay: number;
}

export interface Wrangler {
  readonly compatibilityDate: string;
  /** Queue names by producer binding. */
  readonly queues: Readonly<Record<string, string>>;
  readonly consumers: Readonly<Record<string, Consumer>>;
}

/** What is read of wrangler's own form of the file, whose type it does not export whole. */
interface Read {
  readonly compatibility_date?: string | undefined;
  readonly queues: {
    readonly producers?: readonly { readonly binding: string; readonly queue?: string | undefined }[] | undefined;
    readonly consumers?:
      | readonly {
          readonly queue: string;
          readonly max_batch_size?: number | undefined;
          readonly max_batch_timeout?: number | undefined;
          readonly max_retries?: number | undefined;
          readonly retry_delay?: number | undefined;
        }[]
      | undefined;
  };
}

let known: Wrangler | null = null;

/** What wrangler.toml says of the runtime's date and the queues: the benchmarks run with the same. */
export function wrangler(): Wrangler {
  if (known !== null) return known;
  const config: Read = readConfig({ config: path.join(ROOT, "wrangler.toml") }, { hideWarnings: true });
  const consumers = (config.queues.consumers ?? []).map((consumer) => [
    consumer.queue,
    {
      maxBatchSize: consumer.max_batch_size ?? 10,
      maxBatchTimeout: consumer.max_batch_timeout ?? 5,
      maxRetries: consumer.max_retries ?? 3,
      retryDelay: consumer.retry_delay ?? 0,
    },
  ]);
  known = {
    compatibilityDate: config.compatibility_date ?? "2026-08-15",
    queues: Object.fromEntries((config.queues.producers ?? []).map((producer) => [producer.binding, producer.queue ?? producer.binding])),
    consumers: Object.fromEntries(consumers) as Record<string, Consumer>,
  };
  return known;
}

const TMPFS = "/dev/shm";

export interface Scratch {
  readonly directory: string;
  readonly onTmpfs: boolean;
  readonly remove: () => void;
}

const open = new Set<string>();

export function removeScratches(): void {
  for (const directory of open) rmSync(directory, { recursive: true, force: true });
  open.clear();
}

/** A directory for all storage of all sides: on tmpfs where there is one, since otherwise the disk's commits are what is measured. */
export function scratch(): Scratch {
  const onTmpfs = existsSync(TMPFS);
  const directory = mkdtempSync(path.join(onTmpfs ? TMPFS : tmpdir(), "signalbox-bench-"));
  open.add(directory);
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true });
    open.delete(directory);
  };
  return { directory, onTmpfs, remove };
}
