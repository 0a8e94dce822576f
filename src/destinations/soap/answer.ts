import { childrenOf, isNamed, only, parseXmlDocument, refusedDeclaration, textOf, type XmlNode } from "../../decoding/xml.ts";
import { failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Failed, Outcome, ResponseSeen } from "../define.ts";
import { classOfStatus, outcomeOfStatus } from "../outcome-of-status.ts";
import { ENVELOPE_NAMESPACES } from "./envelope.ts";
import type { Operation, Settings } from "./settings.ts";

/**
 * What faults mean where a deployment says nothing else: the codes of SOAP 1.1 section 4.4.1, of SOAP 1.2 part 1 section
 * 5.4.6, and of WS-Security 1.1 section 12. An unknown fault is told by its status, which is 500 for nearly all.
 */
const FAULT_RULES: readonly ErrorRule[] = [
  { code: ["FailedAuthentication", "FailedCheck", "InvalidSecurityToken", "InvalidSecurity", "SecurityTokenUnavailable"], is: "auth" },
  { code: "MessageExpired", is: "transient" },
  { code: ["UnsupportedSecurityToken", "UnsupportedAlgorithm"], is: "config" },
  { code: ["VersionMismatch", "MustUnderstand", "DataEncodingUnknown", "ActionNotSupported"], is: "config" },
  { code: ["Client", "Sender"], is: "business" },
  { code: ["Server", "Receiver"], is: "transient" },
];

/** What came of a call, by the answer's envelope; by its status alone where it has none. */
export function outcomeOf(response: ResponseSeen, operation: Operation, settings: Settings): Outcome {
  const body = bodyIn(response.body);
  if (body === null) return withoutEnvelope(response);
  const fault = childrenOf(body).find(({ local, namespace }) => local === "Fault" && ENVELOPES.has(namespace ?? ""));
  if (fault !== undefined) return judged(response, faultSeen(fault), settings);
  const { namespace, element } = operation.answer;
  const answer = childrenOf(body).find((node) => isNamed(node, namespace, element));
  if (answer === undefined) return withoutEnvelope(response);
  const refused = refusalIn(answer, operation);
  if (refused !== null) return judged(response, refused, settings);
  const id = operation.remoteId === undefined ? "" : textAt(answer, operation.remoteId);
  return { kind: "applied", duplicate: false, ...(id === "" ? {} : { remote: { id } }) };
}

const ENVELOPES: ReadonlySet<string> = new Set(Object.values(ENVELOPE_NAMESPACES));

/** The Body of an answer in either version, since a service may refuse in the other one (SOAP 1.2 part 1 appendix A). */
function bodyIn(text: string): XmlNode | null {
  if (refusedDeclaration(text)) return null;
  const root = parseXmlDocument(text.replace(/^\uFEFF/, ""));
  if (!root.ok || root.value.local !== "Envelope" || !ENVELOPES.has(root.value.namespace ?? "")) return null;
  return only(root.value, root.value.namespace ?? "", "Body");
}

/** A page that is no answer to the call: a success that nobody can read may have had its effect. */
function withoutEnvelope(response: ResponseSeen): Outcome {
  const outcome = outcomeOfStatus(response);
  if (outcome.kind === "failed") return outcome;
  return { kind: "failed", class: "ambiguous", detail: "the answer says success, but is not the one that this operation has" };
}

function judged(response: ResponseSeen, seen: ErrorSeen, { faults }: Settings): Outcome {
  const own = faults.map(({ code, says, is }): ErrorRule => ({
    is,
    ...(code === undefined ? {} : { code }),
    ...(says === undefined ? {} : { says: new RegExp(says.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`), "i") }),
  }));
  const failure = failureBy(response, seen, [...own, ...FAULT_RULES]);
  return failure === "duplicate" ? { kind: "applied", duplicate: true } : asFailure(response, failure);
}

/** A throttled or unreachable service stays that, whatever its fault is called. */
const asFailure = (response: ResponseSeen, failure: Failed): Failed => {
  const byStatus = outcomeOfStatus(response);
  const firm = ["throttled", "auth"].includes(classOfStatus(response.status)) || [502, 503, 504].includes(response.status);
  return byStatus.kind === "failed" && firm ? { ...byStatus, detail: failure.detail } : failure;
};

/** `faultcode`, `faultstring` and `detail` of 1.1, without a namespace; `Code`, `Reason` and `Detail` of 1.2. */
function faultSeen(fault: XmlNode): ErrorSeen {
  const parts = childrenOf(fault);
  const named = (...names: readonly string[]): XmlNode | undefined => parts.find(({ local }) => names.includes(local));
  const code = named("faultcode", "Code");
  const reason = named("faultstring", "Reason");
  const detail = named("detail", "Detail");
  const inner = detail === undefined ? [] : childrenOf(detail);
  return {
    codes: [...(code === undefined ? [] : codesIn(code)), ...inner.map(({ local }) => local)],
    detail: [reason, ...inner]
      .flatMap((node) => (node === undefined ? [] : [textOf(node).trim().replace(/\s+/g, " ")]))
      .filter((text) => text !== "")
      .join("; "),
  };
}

/** The code and its subcodes without their prefixes, the most exact first; of a dotted one its parts too, which may narrow it. */
function codesIn(code: XmlNode): readonly string[] {
  if (code.local === "faultcode") {
    const name = localOf(textOf(code));
    return [...new Set([name, ...name.split(".")])].toReversed();
  }
  const value = childrenOf(code).find(({ local }) => local === "Value");
  const sub = childrenOf(code).find(({ local }) => local === "Subcode");
  return [...(sub === undefined ? [] : codesIn(sub)), ...(value === undefined ? [] : [localOf(textOf(value))])];
}

const localOf = (name: string): string => name.trim().replace(/^[^:]*:/, "");

/** A failure that the answer itself reports; null where it reports none. */
function refusalIn(answer: XmlNode, { result }: Operation): ErrorSeen | null {
  if (result === undefined || result.is.includes(textAt(answer, result.at))) return null;
  const said = result.message === undefined ? "" : textAt(answer, result.message);
  const code = result.code === undefined ? "" : textAt(answer, result.code);
  return {
    codes: [...(code === "" ? [] : [code]), REFUSED],
    detail: said === "" ? `the service answered "${textAt(answer, result.at)}" at ${result.at}` : said,
  };
}

/** What a refusal without a code of its own is called: a team's table may name it too. */
const REFUSED = "Sender";

function textAt(answer: XmlNode, path: string): string {
  let here: XmlNode | undefined = answer;
  for (const step of path.split(".")) here = here === undefined ? undefined : childrenOf(here).find(({ local }) => local === step);
  return here === undefined ? "" : textOf(here).trim();
}
