import { X509Certificate, createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { importSPKI, jwtVerify, decodeProtectedHeader } from "jose";

export const TENANT = "8f6b2f0e-6d0b-4a43-9a53-5f6f1f6e2a11";
export const CLIENT_ID = "3a1c9a34-30f4-4d28-9a0d-8a7f3d6f9b55";
export const CLIENT_SECRET = "client-secret-that-must-not-leak-0123456789";
export const AUTHORITY = "https://login.microsoftonline.com";
const TOKEN_URL = `${AUTHORITY}/${TENANT}/oauth2/v2.0/token`;

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  return Buffer.concat([Buffer.from(length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]), content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));

/** A self-signed certificate (RFC 5280) and its key, made anew for every run. */
function makeCertificate(): { readonly privateKey: string; readonly certificate: string } {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const sha256WithRsa = sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), der(0x05));
  const commonName = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from("signalbox-test")))));
  const validity = sequence(der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("400101000000Z")));
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const spki = publicKey.export({ type: "spki", format: "der" });
  const body = sequence(version, der(0x02, Buffer.from([1])), sha256WithRsa, commonName, validity, commonName, spki);
  const certificate = sequence(body, sha256WithRsa, der(0x03, Buffer.from([0]), sign("sha256", body, privateKey)));
  const lines = certificate.toString("base64").replaceAll(/(.{64})/g, "$1\n");
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

export const CERTIFICATE = makeCertificate();
const parsed = new X509Certificate(CERTIFICATE.certificate);
const THUMBPRINT = createHash("sha256").update(parsed.raw).digest("base64url");
/** A key in the old form, and one that is not the certificate's. */
export const PKCS1_KEY = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }).toString();

/**
 * The token endpoint of Microsoft Entra ID for one application: client credentials by a client secret or a certificate
 * assertion, checked as its documentation says. Error bodies are of the form that it answers.
 */
export class EntraIssuer {
  readonly #scope: string;
  readonly #time: { readonly nowMs: number };
  readonly #live = new Map<string, number>();
  #issued = 0;

  constructor(scope: string, time: { readonly nowMs: number }) {
    this.#scope = scope;
    this.#time = time;
  }

  readonly tricks = {
    expireCredentials: (): void => this.#live.clear(),
    credentialsIssued: (): number => this.#issued,
  };

  /** Undefined where the request is not for this issuer. */
  async answer(request: Request): Promise<Response | undefined> {
    if (new URL(request.url).origin !== AUTHORITY) return undefined;
    if (request.url !== TOKEN_URL || request.method !== "POST") return new Response("", { status: 404 });
    if (request.headers.get("content-type") !== "application/x-www-form-urlencoded") return refusal("AADSTS900144", "invalid_request");
    const form = new URLSearchParams(await request.text());
    if (form.get("grant_type") !== "client_credentials") return refusal("AADSTS70003", "unsupported_grant_type");
    if (form.get("client_id") !== CLIENT_ID) return refusal("AADSTS700016", "unauthorized_client");
    if (form.get("scope") !== this.#scope) return refusal("AADSTS70011", "invalid_scope");
    if (!(await this.#proven(form))) return refusal("AADSTS700027", "invalid_client", 401);
    const token = `eyJ0eXAiOiJKV1QifQ.${randomUUID().replaceAll("-", "")}.sig`;
    this.#live.set(token, this.#time.nowMs + 3_599_000);
    this.#issued += 1;
    return Response.json({ token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599, access_token: token });
  }

  accepts(request: Request): boolean {
    const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    return (this.#live.get(token) ?? 0) > this.#time.nowMs;
  }

  async #proven(form: URLSearchParams): Promise<boolean> {
    if (form.has("client_secret")) return form.get("client_secret") === CLIENT_SECRET && !form.has("client_assertion");
    const assertion = form.get("client_assertion") ?? "";
    if (form.get("client_assertion_type") !== "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") return false;
    try {
      const header = decodeProtectedHeader(assertion);
      if (header.alg !== "PS256" || header.typ !== "JWT" || header["x5t#S256"] !== THUMBPRINT) return false;
      const key = await importSPKI(parsed.publicKey.export({ type: "spki", format: "pem" }).toString(), "PS256");
      const { payload } = await jwtVerify(assertion, key, {
        algorithms: ["PS256"],
        audience: TOKEN_URL,
        issuer: CLIENT_ID,
        subject: CLIENT_ID,
        currentDate: new Date(this.#time.nowMs),
        requiredClaims: ["jti", "nbf", "iat", "exp"],
      });
      return (payload.exp ?? 0) - (payload.nbf ?? 0) <= 600;
    } catch {
      return false;
    }
  }
}

const refusal = (code: string, error: string, status = 400): Response =>
  Response.json(
    { error, error_description: `${code}: refused. Trace ID: ${randomUUID()}`, error_codes: [Number(code.slice(6))] },
    { status },
  );
