import { DurableObject } from "cloudflare:workers";
import { newBucket, takeTokens, type Bucket, type Granted, type RatePolicy } from "../src/domain/rate.ts";

/** One object per source with a rate: hands its tokens out in blocks. In memory alone, since an evicted bucket would be full anyway. */
export class SourceRate extends DurableObject<Env> {
  #bucket: Bucket | null = null;

  take(policy: RatePolicy, asked: { readonly wanted: number; readonly spent: number }): Granted {
    const nowMs = Date.now();
    const taken = takeTokens(this.#bucket ?? newBucket(policy, nowMs), asked, policy, nowMs);
    this.#bucket = taken.bucket;
    return taken.lease;
  }
}
