/** What Tryton's RPC takes and gives, as far as people's hands and eyes need it here. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };
export type Row = Readonly<Record<string, Value>>;

export const decimal = (text: string): Value => ({ __class__: "Decimal", decimal: text });
export const day = (year: number, month: number, date: number): Value => ({ __class__: "date", year, month, day: date });
/** A single value as people read it. */
export const shown = (value: Value | undefined): string =>
  value === undefined || value === null ? "nothing" : typeof value === "object" ? JSON.stringify(value) : String(value);
export const amount = (value: Value | undefined): string => (value as { readonly decimal: string }).decimal;

/** A person at work in Tryton: everything that the router's user does not do, and everything that a test looks at. */
export class Client {
  readonly #url: string;
  readonly #user: string;
  readonly #password: string;
  /** A session costs one password hash, HTTP Basic one for each call. */
  #session: Promise<string> | null = null;
  context: Readonly<Record<string, Value>> = { language: "en" };

  constructor(url: string, user: string, password: string) {
    this.#url = url;
    this.#user = user;
    this.#password = password;
  }

  async call(method: string, params: readonly Value[]): Promise<Value> {
    const body = { id: 1, method, params: [...params, this.context] };
    this.#session ??= this.#logIn();
    const response = await this.#post(body, await this.#session);
    if (response.status !== 401) return resultOf(method, response);
    this.#session = this.#logIn();
    return resultOf(method, await this.#post(body, await this.#session));
  }

  async #logIn(): Promise<string> {
    const body = { id: 1, method: "common.db.login", params: [this.#user, { password: this.#password }, "en"] };
    const [id, key] = (await resultOf(body.method, await this.#post(body, null))) as readonly Value[];
    return Buffer.from(`${this.#user}:${shown(id)}:${shown(key)}`).toString("base64");
  }

  #post(body: object, session: string | null): Promise<Response> {
    return fetch(`${this.#url}/`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(session === null ? {} : { authorization: `Session ${session}` }) },
      body: JSON.stringify(body),
    });
  }

  async rows(model: string, domain: readonly Value[], fields: readonly string[]): Promise<readonly Row[]> {
    return (await this.call(`model.${model}.search_read`, [domain, 0, null, [["id", "ASC"]], [...fields]])) as readonly Row[];
  }

  async ids(model: string, domain: readonly Value[]): Promise<readonly number[]> {
    return (await this.call(`model.${model}.search`, [domain, 0, null, [["id", "ASC"]]])) as readonly number[];
  }

  /** The first record that fits, made if there is none. */
  async ensure(model: string, domain: readonly Value[], values: () => Promise<Row> | Row): Promise<number> {
    const [found] = await this.ids(model, domain);
    if (found !== undefined) return found;
    const [made] = (await this.call(`model.${model}.create`, [[await values()]])) as readonly number[];
    return made ?? 0;
  }
}

async function resultOf(method: string, response: Response): Promise<Value> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} answered ${response.status}: ${text.slice(0, 300)}`);
  const answer = JSON.parse(text) as { readonly result?: Value; readonly error?: Value };
  if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error).slice(0, 300)}`);
  return answer.result ?? null;
}
