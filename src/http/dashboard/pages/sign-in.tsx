import { Button, Field } from "../forms.tsx";
import { Notice } from "../notices.tsx";
import { PATHS } from "../paths.ts";

interface Props {
  /** Where to go on to. */
  readonly next: string;
  /** Why the token was not taken, if one was given. */
  readonly problem?: string;
  readonly local: boolean;
}

/** For those who do not come through Cloudflare Access: takes a token, which never travels in an address. */
export const SignIn = ({ next, problem, local }: Props) => (
  <section class="panel sign-in">
    <h1>Sign in</h1>
    <p>
      {local
        ? "Paste a token of this machine:"
        : "Paste a token of your identity provider. Behind Cloudflare Access you are signed in without one."}
    </p>
    {local ? (
      <p>
        <code>npm run --silent token -- operator</code>
      </p>
    ) : null}
    {problem === undefined ? null : (
      <Notice tone="bad" title="The token was not taken.">
        {problem}.
      </Notice>
    )}
    <form method="post" action={PATHS.signIn} class="action">
      <input type="hidden" name="next" value={next} />
      <Field
        name="token"
        label="Token"
        type="password"
        required
        hint="It is kept in a cookie that no script and no other site can read, until you sign out or it ends."
      />
      <div class="row">
        <Button tone="main">Sign in</Button>
      </div>
    </form>
  </section>
);
