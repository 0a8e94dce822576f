import type { Child } from "hono/jsx";
import type { Visit } from "./visit.ts";

interface FormProps {
  readonly visit: Visit;
  readonly to: string;
  readonly label: string;
  readonly children: Child;
}

/** A form that does something: it carries the session's proof that it is ours. */
export const ActionForm = ({ visit, to, label, children }: FormProps) => (
  <form method="post" action={to} class="action" aria-label={label}>
    <input type="hidden" name="formToken" value={visit.formToken} />
    {children}
  </form>
);

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value?: string | undefined;
  readonly hint?: string;
  readonly type?: string;
  readonly required?: boolean;
  readonly placeholder?: string;
  /** Where a page has the same field several times. */
  readonly within?: string;
}

const idOf = (name: string, within: string | undefined): string => (within === undefined ? `f-${name}` : `f-${within}-${name}`);

export function Field({ name, label, value, hint, type = "text", required = false, placeholder, within }: FieldProps) {
  const id = idOf(name, within);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        value={value ?? ""}
        required={required}
        placeholder={placeholder}
        autocomplete="off"
        step={type === "datetime-local" ? 1 : undefined}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function TextArea({ name, label, value, hint, within }: FieldProps) {
  const id = idOf(name, within);
  return (
    <div class="field wide">
      <label for={id}>{label}</label>
      <textarea id={id} name={name} rows={8} spellcheck={false} aria-describedby={`${id}-hint`}>
        {value ?? ""}
      </textarea>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}

/** Every action wants to know why; the words are kept for whoever asks later. */
export const Reason = ({ value, within }: { readonly value?: string | undefined; readonly within: string }) => {
  const id = idOf("reason", within);
  return (
    <div class="field">
      <label for={id}>Reason, kept in the audit</label>
      <input id={id} name="reason" type="text" required minlength={3} maxlength={500} value={value ?? ""} autocomplete="off" />
    </div>
  );
};

interface SelectProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly (string | readonly [string, string])[];
  readonly value: string | undefined;
  /** What no choice means; none if there must be one. */
  readonly any?: string;
  readonly within?: string;
}

export const Select = ({ name, label, options, value, any, within }: SelectProps) => (
  <div class="field">
    <label for={idOf(name, within)}>{label}</label>
    <select id={idOf(name, within)} name={name}>
      {any === undefined ? null : <option value="">{any}</option>}
      {options.map((option) => {
        const [key, text] = typeof option === "string" ? [option, option] : option;
        return (
          <option value={key} selected={key === value}>
            {text}
          </option>
        );
      })}
    </select>
  </div>
);

interface TickProps {
  readonly name: string;
  readonly label: string;
  readonly ticked?: boolean;
  readonly within: string;
}

export const Tick = ({ name, label, ticked = false, within }: TickProps) => (
  <div class="tick">
    <input id={idOf(name, within)} type="checkbox" name={name} checked={ticked} />
    <label for={idOf(name, within)}>{label}</label>
  </div>
);

interface ButtonProps {
  readonly children: Child;
  readonly tone?: "main" | "careful";
  readonly name?: string;
  readonly value?: string;
}

export const Button = ({ children, tone, name, value }: ButtonProps) => (
  <button type="submit" class={tone} name={name} value={value}>
    {children}
  </button>
);
