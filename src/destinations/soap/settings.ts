import * as z from "zod";
import { parseXmlDocument, refusedDeclaration } from "../../decoding/xml.ts";
import { ENTITY_KINDS } from "../../domain/entities/index.ts";
import { FAILURE_CLASSES } from "../../domain/failure.ts";
import { compile, samplesOf } from "./template.ts";

/** Elements by their local names, from the answer's own element down, such as `Result.Id`. */
const ElementPath = z.string().regex(/^[^.\s]+(\.[^.\s]+)*$/, 'must be local names of elements with dots between, such as "Result.Id"');

/**
 * The content of the envelope's Body, or of its Header, in XML with `{path}` where a canonical field goes. Values are
 * escaped, so they can only stand in elements and in quoted attributes: a template in which one stands elsewhere is refused.
 */
const XmlTemplate = z.string().superRefine((text, context) => {
  const problem = problemOf(text);
  if (problem !== null) context.addIssue({ code: "custom", message: problem });
});

function problemOf(text: string): string | null {
  if (refusedDeclaration(text) || /<[!?]/.test(text))
    return "must hold no declarations, comments, CDATA sections or processing instructions";
  const template = compile(text);
  if (!template.ok) return template.failure;
  const parsed = samplesOf(template.value).map((sample) => parseXmlDocument(`<sample>${sample}</sample>`));
  const broken = parsed.find(({ ok }) => !ok);
  return broken === undefined || broken.ok ? null : `is not well-formed once it is filled in: ${broken.failure}`;
}

const Operation = z.strictObject({
  /** SOAPAction of SOAP 1.1, the `action` parameter of SOAP 1.2. */
  action: z.string().regex(/^[\x21\x23-\x7e]*$/, "must be a URI"),
  /** What goes into the Body: one element. */
  body: XmlTemplate,
  /** The element that answers a success in the Body. Without it nothing counts as done. */
  answer: z.strictObject({ namespace: z.string(), element: z.string().min(1) }),
  /** Where the answer names the record. */
  remoteId: ElementPath.optional(),
  /** Where the answer says whether it worked, for services that report a failure inside a success. */
  result: z
    .strictObject({
      at: ElementPath,
      /** Its values that mean success. */
      is: z.array(z.string()).min(1),
      code: ElementPath.optional(),
      message: ElementPath.optional(),
    })
    .optional(),
});
export type Operation = z.infer<typeof Operation>;

const FaultRule = z.strictObject({
  /** The fault's code, a part of it that a dot divides, a subcode, or the name of the element in its detail. */
  code: z.string().min(1).optional(),
  /** A text that is in what the fault says, whatever its case. */
  says: z.string().min(1).optional(),
  /** `duplicate`: the service has done this already. */
  is: z.enum([...FAILURE_CLASSES, "duplicate"]),
});

export const Settings = z.strictObject({
  version: z.enum(["1.1", "1.2"]).default("1.1"),
  /** Appended to the path of the base URL. */
  path: z
    .string()
    .regex(/^\/[^?#\\\s]*$/, "must begin with / and have no query")
    .optional(),
  /**
   * What is called for each kind. `deleted` is for deletions; without it they are a `config` failure. In templates stand
   * canonical paths, `{#lines}...{/lines}` round repeated parts, and `{@key}`, `{@kind}`, `{@idempotencyKey}`, `{@eventId}`,
   * `{@source}`, `{@occurredAt}`, `{@correlationId}`. A field that a part of a record clears is there, and empty.
   */
  operations: z.partialRecord(z.enum(ENTITY_KINDS), z.strictObject({ changed: Operation, deleted: Operation.optional() })),
  /** Further elements for the envelope's Header. */
  header: XmlTemplate.default(""),
  authentication: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("none") }),
      /** RFC 7617; the secret is `password`. */
      z.strictObject({ type: z.literal("basic"), user: z.string().regex(/^[^:]+$/, "must not hold a colon") }),
      /** WS-Security UsernameToken Profile 1.1; the secret is `password`, sent as a digest or, where the service wants it, as it is. */
      z.strictObject({ type: z.literal("usernameToken"), user: z.string().min(1), password: z.enum(["digest", "text"]).default("digest") }),
    ])
    .default({ type: "none" }),
  /** Classes of faults, before the usual ones; the first that fits decides. */
  faults: z.array(FaultRule).default([]),
  /** The service has no second effect when one key comes twice. Otherwise a call whose answer was lost is left to a person. */
  idempotentByKey: z.boolean().default(false),
});
export type Settings = z.infer<typeof Settings>;
