/** Rejection counts are kept this long. */
const REJECTIONS_KEPT_MS = 30 * 86_400_000;

/** What the minute's cron does: keeps tables bounded. Rows go in small portions, so one run never takes long. */
export async function maintain(env: Env, nowMs: number): Promise<void> {
  await env.DB.prepare("DELETE FROM rejections WHERE minute_ms < ?1")
    .bind(nowMs - REJECTIONS_KEPT_MS)
    .run();
}
