import type { Child } from "hono/jsx";
import { PATHS } from "./paths.ts";
import { moment, sentence } from "./words.ts";

/** A time, in UTC. `ago` lets the browser say how long ago that was; `none` is said where there is no time, if anything. */
export const Time = ({ at, ago = false, none = "never" }: { readonly at: string | null; readonly ago?: boolean; readonly none?: string }) =>
  at === null ? (
    none === "" ? null : (
      <span class="faint">{none}</span>
    )
  ) : (
    <time datetime={at} title={`${at.slice(0, 10)} ${at.slice(11, 23)} UTC`} data-ago={ago ? "" : undefined}>
      {moment(at)}
    </time>
  );

/** A record by its kind and key, as a link to its timeline. */
export const Entity = ({ of }: { readonly of: { readonly kind: string; readonly key: string } | null }) =>
  of === null ? (
    <span class="faint">no record</span>
  ) : (
    <a href={PATHS.entity(of)} class="entity">
      {sentence(of.kind)} <span class="key">{of.key}</span>
    </a>
  );

/** Facts by name. */
export const Facts = ({ of }: { readonly of: readonly (readonly [string, Child])[] }) => (
  <dl class="facts">
    {of.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

/** An address of a person or team: a link where it is one. */
export const Contact = ({ at }: { readonly at: string | null }) =>
  at === null ? <span class="faint">no contact</span> : at.includes("@") ? <a href={`mailto:${at}`}>{at}</a> : <>{at}</>;

interface Owned {
  readonly name: string;
  readonly team: string | null;
  readonly contact: string | null;
}

/** Whom to call: the team, and where it is reached. */
export const Owner = ({ of: { name, team, contact } }: { readonly of: Owned }) => (
  <>
    {team ?? name}, <Contact at={contact} />
  </>
);

/** What to do step by step: a link where it is published, else the file of the repository. */
export const Runbook = ({ at, of }: { readonly at: string | null; readonly of: string }) =>
  at === null ? <span class="faint">none</span> : /^https?:\/\//.test(at) ? <a href={at}>Runbook of {of}</a> : <code>{at}</code>;

export const Json = ({ of, label }: { readonly of: unknown; readonly label: string }) => (
  <pre class="json" tabindex={0} role="region" aria-label={label}>
    {JSON.stringify(of, null, 2)}
  </pre>
);

/** One value of a difference. */
export const Value = ({ of }: { readonly of: unknown }) =>
  of === undefined ? <span class="faint">not there</span> : <code>{typeof of === "string" ? of : JSON.stringify(of)}</code>;
