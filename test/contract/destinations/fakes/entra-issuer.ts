import { execFileSync } from "node:child_process";
import { X509Certificate, createHash, generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importSPKI, jwtVerify, decodeProtectedHeader } from "jose";

export const TENANT = "8f6b2f0e-6d0b-4a43-9a53-5f6f1f6e2a11";
export const CLIENT_ID = "3a1c9a34-30f4-4d28-9a0d-8a7f3d6f9b55";
export const CLIENT_SECRET = "client-secret-that-must-not-leak-0123456789";
export const AUTHORITY = "https://login.microsoftonline.com";
const TOKEN_URL = `${AUTHORITY}/${TENANT}/oauth2/v2.0/token`;

/** A self-signed certificate and its key, made anew for every run. */
function makeCertificate(): { readonly privateKey: string; readonly certificate: string } {
  const folder = mkdtempSync(join(tmpdir(), "entra-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const args = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=signalbox-test",
      "-keyout",
      key,
      "-out",
      cert,
    ];
    execFileSync("openssl", args, { stdio: "ignore" });
    return { privateKey: readFileSync(key, "utf8"), certificate: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
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
