import { putTold, type StoredAlert } from "../adapters/alerts.ts";
import { send } from "../adapters/outbound.ts";
import type { Deployment } from "../deployment.ts";
import { signedAsStandardWebhook } from "../destinations/http/proof.ts";
import type { ChannelConfig } from "../domain/alerts/define.ts";
import type { Alert } from "../domain/alerts/life.ts";
import { messageOf } from "../domain/alerts/message.ts";
import { SHAPES } from "../domain/alerts/shapes.ts";
import { afterTelling, messageId, owed, type Tidings } from "../domain/alerts/telling.ts";
import type { RequestSpec } from "../domain/http.ts";
import { fail, ok, type Result } from "../domain/result.ts";

const SEND_MS = 5_000;
/** Messages to one channel in one minute: Slack takes about one a second. */
const MESSAGES_MAX = 20;

interface Channel {
  readonly name: string;
  readonly config: ChannelConfig;
}

/** Tells every channel what it has not heard, one message after the other, until it takes none; the rest comes with a later minute. */
export async function tellChannels(env: Env, deployment: Deployment, alerts: readonly StoredAlert[], nowMs: number): Promise<void> {
  const told = new Map(alerts.map((each) => [each.alert.id, each.told]));
  const channels = Object.entries(deployment.config.alerts?.channels ?? {}).map(([name, config]) => ({ name, config }));
  await Promise.all(
    channels.map(async (channel) => {
      const { name } = channel;
      const due = alerts.flatMap(({ alert, told: before }) => {
        const tidings = owed(alert, channel.config, before[name], nowMs);
        return tidings === null ? [] : [{ alert, tidings }];
      });
      for (const { alert, tidings } of due.slice(0, MESSAGES_MAX)) {
        const result = await tell(deployment, channel, { alert, tidings });
        const known = told.get(alert.id);
        const next = { ...known, [name]: afterTelling(known?.[name], alert, tidings, { result, nowMs }) };
        told.set(alert.id, next);
        await putTold(env.DB, alert.id, next);
        if (!result.ok) return;
      }
    }),
  );
}

/** Sends one message. Fails with words that hold neither address nor secret: both may be the credential. */
async function tell(
  { config, settings }: Deployment,
  { name, config: channel }: Channel,
  { alert, tidings }: { readonly alert: Alert; readonly tidings: Tidings },
): Promise<Result<null, string>> {
  const url = settings.read(channel.url.env);
  const secret = channel.secret === undefined ? "" : settings.read(channel.secret);
  if (url === undefined || secret === undefined) return fail(`channel "${name}" is not set up: its address or its secret is missing`);
  const origin = config.alerts?.origin === undefined ? "" : (settings.read(config.alerts.origin.env) ?? "");
  const around = { owners: config.owners, alerts: config.alerts, environment: settings.ENVIRONMENT, origin };
  const shape = SHAPES[channel.shape];
  const request: RequestSpec = {
    method: "POST",
    url,
    headers: { "content-type": "application/json", "user-agent": "signalbox" },
    body: JSON.stringify(shape.body(messageOf(alert, tidings, around), secret)),
  };
  const message = { secret, id: messageId(alert, tidings), nowMs: Date.now() };
  const ready = shape.secret === "signing" ? await signedAsStandardWebhook(request, message) : ok(request);
  if (!ready.ok) return fail(`its secret ${ready.failure}`);
  const sent = await send(ready.value, SEND_MS);
  if (!sent.ok) return fail(sent.failure.startsWith("no answer within") ? sent.failure : "no answer");
  return sent.value.status < 300 ? ok(null) : fail(`it answered ${sent.value.status}`);
}
