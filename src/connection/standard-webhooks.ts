/**
 * The headers that sign a body as Standard Webhooks 1.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). The secret is `whsec_` and
 * base64. Throws, without the secret in its words, when it is no base64: a mistake of deployment.
 */
export async function signatureHeaders(
  message: { readonly id: string; readonly atMs: number; readonly body: string },
  secret: string,
): Promise<Readonly<Record<string, string>>> {
  const timestamp = String(Math.floor(message.atMs / 1000));
  const signature = await hmacBase64(`${message.id}.${timestamp}.${message.body}`, secret);
  return { "webhook-id": message.id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

async function hmacBase64(text: string, secret: string): Promise<string> {
  const keyText = secret.replace(/^whsec_/, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(keyText)) throw new Error('the secret "signing" must be whsec_ and base64');
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytesOfBase64(keyText), algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}

const bytesOfBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
