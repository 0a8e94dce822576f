/** What a person may do; each role may also do what those before it may. */
export const ROLES = ["viewer", "operator", "approver", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const mayActAs = (has: Role, needs: Role): boolean => ROLES.indexOf(has) >= ROLES.indexOf(needs);

/** Who calls, as the audit trail names them. */
export interface Actor {
  readonly name: string;
  readonly role: Role;
  /** Set where it is an API key, not a person. */
  readonly key?: { readonly id: string; readonly operations: readonly string[] | null };
}
