/** What Tryton's RPC takes and gives, as far as people's hands and eyes need it here. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };
export type Row = Readonly<Record<string, Value>>;

export const decimal = (text: string): Value => ({ __class__: "Decimal", decimal: text });
export const day = (year: number, month: number, date: number): Value => ({ __class__: "date", year, month, day: date });
export const amount = (value: Value | undefined): string => (value as { readonly decimal: string }).decimal;

/** A person at work in Tryton: everything that the router's user does not do, and everything that a test looks at. */
export class Client {
  readonly #url: string;
  readonly #authorization: string;
  context: Readonly<Record<string, Value>> = { language: "en" };

  constructor(url: string, user: string, password: string) {
    this.#url = url;
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }

  async call(method: string, params: readonly Value[], context: Row = {}): Promise<Value> {
    const response = await fetch(`${this.#url}/`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: this.#authorization },
      body: JSON.stringify({ id: 1, method, params: [...params, { ...this.context, ...context }] }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} answered ${response.status}: ${text.slice(0, 300)}`);
    const answer = JSON.parse(text) as { readonly result?: Value; readonly error?: Value };
    if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error).slice(0, 300)}`);
    return answer.result ?? null;
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
