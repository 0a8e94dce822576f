import { createHash } from "node:crypto";
import { XmlElement, parseXml } from "@rgrove/parse-xml";
import { soap } from "../../../../src/destinations/soap/index.ts";
import { NOW_MS, delivery } from "../samples.ts";
import type { FakeSystem, Trial } from "./define.ts";

type Version = "1.1" | "1.2";

const NAMESPACE = "urn:acme:orders:v1";
const ENVELOPES: Readonly<Record<Version, string>> = {
  "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
  "1.2": "http://www.w3.org/2003/05/soap-envelope",
};
const USER = "router & co";
const PASSWORD = "soap-password-that-must-not-leak";
const OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";

interface Effect {
  readonly key: string;
  readonly kind: string;
  readonly deleted: boolean;
  readonly fields: Readonly<Record<string, string>>;
}

const children = (element: XmlElement | undefined): readonly XmlElement[] =>
  (element?.children ?? []).filter((child): child is XmlElement => child instanceof XmlElement);
const local = ({ name }: XmlElement): string => name.slice(name.indexOf(":") + 1);
const child = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  children(element).find((each) => local(each) === name);
const text = (element: XmlElement | undefined, name: string): string => child(element, name)?.text ?? "";
const escaped = (value: string): string => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** An order service that keeps one record by key, with a schema as strict as generated servers have. */
class OrderService implements FakeSystem {
  readonly time = { nowMs: NOW_MS };
  readonly #version: Version;
  readonly #effects = new Map<string, Effect & { readonly id: string }>();
  readonly #nonces = new Set<string>();
  #lockNext = false;
  #refuseNext = false;

  constructor(version: Version) {
    this.#version = version;
  }

  readonly tricks = {
    lockNext: (): void => {
      this.#lockNext = true;
    },
    failInsideSuccess: (): void => {
      this.#refuseNext = true;
    },
  };

  held(kind: string, key: string) {
    const effect = this.#effects.get(key);
    return effect === undefined || effect.kind !== kind ? [] : [{ id: effect.id, fields: effect.fields }];
  }

  async answer(request: Request): Promise<Response> {
    const body = await request.text();
    if (request.method !== "POST" || new URL(request.url).pathname !== "/services/Orders")
      return new Response("<html>no</html>", { status: 404 });
    const wanted =
      this.#version === "1.1" ? /^text\/xml; charset=utf-8$/ : /^application\/soap\+xml; charset=utf-8; action="urn:acme:\w+"$/;
    if (!wanted.test(request.headers.get("content-type") ?? "")) return new Response(null, { status: 415 });
    const { root } = parseXml(body);
    const envelope = root ?? undefined;
    if (envelope?.attributes["xmlns:soap"] !== ENVELOPES[this.#version] || envelope.name !== "soap:Envelope")
      return this.#fault("VersionMismatch", "wrong envelope");
    const refused = this.#refusal(request, child(envelope, "Header"));
    if (refused !== null) return refused;
    const call = children(child(envelope, "Body"))[0];
    const action = request.headers.get("soapaction") ?? /action=(".*?")/.exec(request.headers.get("content-type") ?? "")?.[1];
    if (call === undefined || action !== `"urn:acme:${local(call)}"` || call.attributes["xmlns:o"] !== NAMESPACE)
      return this.#fault("Client", "the action does not name the operation");
    if (this.#lockNext) {
      this.#lockNext = false;
      return this.#fault("Server", "ORA-00054: resource busy", "RecordLocked");
    }
    return this.#operate(call);
  }

  /** Basic for 1.2; for 1.1 a UsernameToken with a digest that is fresh and was not used before. */
  #refusal(request: Request, header: XmlElement | undefined): Response | null {
    if (this.#version === "1.2") {
      const expected = `Basic ${Buffer.from(`router:${PASSWORD}`).toString("base64")}`;
      return request.headers.get("authorization") === expected ? null : new Response("no", { status: 401 });
    }
    const security = child(header, "Security");
    const token = child(security, "UsernameToken");
    const [nonce, created] = [text(token, "Nonce"), text(token, "Created")];
    const digest = createHash("sha1")
      .update(Buffer.concat([Buffer.from(nonce, "base64"), Buffer.from(created + PASSWORD)]))
      .digest("base64");
    const form =
      security?.attributes["xmlns:wsse"] === `${OASIS}wssecurity-secext-1.0.xsd` &&
      child(token, "Password")?.attributes["Type"] === `${OASIS}username-token-profile-1.0#PasswordDigest` &&
      Buffer.from(nonce, "base64").length >= 16;
    const fresh = Math.abs(Date.parse(created) - this.time.nowMs) < 300_000 && !this.#nonces.has(nonce);
    this.#nonces.add(nonce);
    const proven = form && fresh && text(token, "Username") === USER && text(token, "Password") === digest;
    return proven ? null : this.#fault("wsse:FailedAuthentication", "the security token could not be authenticated");
  }

  #operate(call: XmlElement): Response {
    const operation = local(call);
    const names = children(call).map(local);
    const allowed = operation === "DeleteOrder" ? ["Key", "Kind"] : ["Key", "Kind", "Status", "Currency", "Total", "Note", "Line"];
    if (!["UpsertOrder", "DeleteOrder"].includes(operation) || names.some((name) => !allowed.includes(name)))
      return this.#fault("Client", `unexpected element in ${operation}`, "SchemaViolation");
    if (text(call, "Currency") === "GBP") return this.#fault("Client", "currency GBP is not traded here", "ValidationFault");
    const answer = (inner: string) =>
      this.#envelope(200, `<r:${operation}Response xmlns:r="${NAMESPACE}"><r:Result>${inner}</r:Result></r:${operation}Response>`);
    if (this.#refuseNext) {
      this.#refuseNext = false;
      return answer("<r:Status>ERROR</r:Status><r:Code>E-17</r:Code><r:Message>period is closed</r:Message>");
    }
    const key = text(call, "Key");
    const id = this.#effects.get(key)?.id ?? `N-${this.#effects.size + 1}`;
    const lines = children(call)
      .filter((each) => local(each) === "Line")
      .map((line) => `${text(line, "Sku")}x${text(line, "Quantity")}`);
    const fields = { status: text(call, "Status"), total: text(call, "Total"), note: text(call, "Note"), lines: lines.join(",") };
    this.#effects.set(key, { id, key, kind: text(call, "Kind"), deleted: operation === "DeleteOrder", fields });
    return answer(`<r:Status>OK</r:Status><r:Id>${id}</r:Id>`);
  }

  #fault(code: string, reason: string, detail = ""): Response {
    const inner = detail === "" ? "" : `<a:${detail} xmlns:a="${NAMESPACE}"><a:Text>${escaped(reason)}</a:Text></a:${detail}>`;
    if (this.#version === "1.1") {
      const prefixed = code.includes(":") ? code : `soap:${code}`;
      return this.#envelope(
        500,
        `<soap:Fault><faultcode xmlns:wsse="${OASIS}wssecurity-secext-1.0.xsd">${prefixed}</faultcode>` +
          `<faultstring>${escaped(reason)}</faultstring>${inner === "" ? "" : `<detail>${inner}</detail>`}</soap:Fault>`,
      );
    }
    const renamed = { Client: "Sender", Server: "Receiver" }[code] ?? code;
    const status = renamed === "Sender" ? 400 : 500;
    return this.#envelope(
      status,
      `<soap:Fault><soap:Code><soap:Value>soap:${renamed}</soap:Value></soap:Code>` +
        `<soap:Reason><soap:Text xml:lang="en">${escaped(reason)}</soap:Text></soap:Reason>` +
        `${inner === "" ? "" : `<soap:Detail>${inner}</soap:Detail>`}</soap:Fault>`,
    );
  }

  #envelope = (status: number, inner: string): Response =>
    new Response(
      `<?xml version="1.0"?><soap:Envelope xmlns:soap="${ENVELOPES[this.#version]}"><soap:Body>${inner}</soap:Body></soap:Envelope>`,
      { status, headers: { "content-type": this.#version === "1.1" ? "text/xml" : "application/soap+xml" } },
    );
}

const operation = (name: string, inner: string) => ({
  action: `urn:acme:${name}`,
  body: `<o:${name} xmlns:o="${NAMESPACE}"><o:Key>{@key}</o:Key><o:Kind>{@kind}</o:Kind>${inner}</o:${name}>`,
  answer: { namespace: NAMESPACE, element: `${name}Response` },
  remoteId: "Result.Id",
  result: { at: "Result.Status", is: ["OK"], code: "Result.Code", message: "Result.Message" },
});

const UPSERT =
  "{#status}<o:Status>{status}</o:Status>{/status}" +
  `{#total}<o:Currency>{currency}</o:Currency><o:Total>{amount}</o:Total>{/total}` +
  "{#custom.note}<o:Note>{custom.note}</o:Note>{/custom.note}" +
  `{#lines}<o:Line number="{sku}"><o:Sku>{sku}</o:Sku><o:Quantity>{quantity}</o:Quantity></o:Line>{/lines}`;

const OPERATIONS = { changed: operation("UpsertOrder", UPSERT), deleted: operation("DeleteOrder", "") };

const order = delivery({
  entity: { kind: "order", key: "ord <1>/ä&?", schemaVersion: 1 },
  data: {
    status: "confirmed",
    total: { amount: "1200.50", currency: "EUR" },
    custom: { note: `"quoted" <b>&amp;</b> ]]> 🚂\u0000` },
    lines: [
      { sku: `A"1`, quantity: "2" },
      { sku: "B<2", quantity: "0.5" },
    ],
  },
});

const trial = (version: Version, authentication: object): Trial => ({
  definition: soap,
  connection: {
    baseUrl: "https://erp.example.com/services",
    settings: soap.settings.parse({
      version,
      path: "/Orders",
      operations: { order: OPERATIONS, opportunity: OPERATIONS },
      authentication,
      faults: [
        { code: "RecordLocked", is: "transient" },
        { code: "E-17", says: "period is closed", is: "business" },
      ],
      idempotentByKey: true,
    }),
    secrets: { password: PASSWORD },
  },
  start: () => new OrderService(version),
  deliveries: {
    order,
    "part of an order": { ...order, nature: "delta", data: { status: "closed" }, cleared: ["custom.note"] },
    opportunity: delivery({ data: { name: "Größte Weiche", status: "won" } }),
    deletion: { ...order, deleted: true, data: {} },
  },
  refused: { delivery: { ...order, data: { total: { amount: "1", currency: "GBP" } } }, fields: [] },
  cannotHappen: {
    "credential expires under parallel callers": "its password does not expire",
    "key of the wrong form": "any text can be its password",
    "record changed before our write": "it tells no versions; order is the router's",
    "key held by two records": "what a service keeps of a key is not seen, since nothing is read from it",
    "silent no-op": "what a service leaves undone though it answers success is not seen, since nothing is read from it",
    "CSRF token expires": "it has none",
    "row changed between pages": "it is not read from",
    "row committed late": "it is not read from",
    "change token refused": "it is not read from",
  },
});

export const soapTrials: Readonly<Record<string, Trial>> = {
  "soap 1.1, UsernameToken": trial("1.1", { type: "usernameToken", user: USER }),
  "soap 1.2, Basic": trial("1.2", { type: "basic", user: "router" }),
};
