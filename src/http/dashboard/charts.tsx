import { count } from "./words.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly href?: string;
  readonly tone?: "good" | "busy" | "warn" | "bad" | "quiet";
}

const WIDTH = 100;
const COLUMN_HEIGHT = 24;

/** Bars beside their names and figures: a list that can be read aloud, and looked at. */
export function Bars({ label, bars }: { readonly label: string; readonly bars: readonly Bar[] }) {
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  return (
    <ul class="bars" aria-label={label}>
      {bars.map(({ label: name, value, href, tone = "busy" }) => (
        <li>
          <span class="bar-name">{href === undefined ? name : <a href={href}>{name}</a>}</span>
          <svg class={`bar ${tone}`} viewBox={`0 0 ${WIDTH} 8`} preserveAspectRatio="none" aria-hidden="true">
            <rect class="bar-ground" width={WIDTH} height="8" />
            <rect width={value === 0 ? 0 : Math.max(1, Math.round((value / most) * WIDTH))} height="8" />
          </svg>
          <span class="bar-value">{count(value)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Columns in order of time, under a sentence that says what they show. */
export function Columns({
  says,
  values,
  tone = "warn",
}: {
  readonly says: string;
  readonly values: readonly number[];
  readonly tone?: Bar["tone"];
}) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  const height = (value: number): number => (value === 0 ? 0 : Math.max(1, Math.round((value / most) * COLUMN_HEIGHT)));
  return (
    <figure class="columns-chart">
      <figcaption class="note">{says}</figcaption>
      <svg class={`bar tall ${tone}`} viewBox={`0 0 ${WIDTH} ${COLUMN_HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <rect class="bar-ground" y={COLUMN_HEIGHT - 1} width={WIDTH} height="1" />
        {values.map((value, index) => (
          <rect
            x={(index * step).toFixed(2)}
            y={COLUMN_HEIGHT - height(value)}
            width={Math.max(0.4, step * 0.8).toFixed(2)}
            height={height(value)}
          />
        ))}
      </svg>
    </figure>
  );
}

interface Share {
  readonly value: number;
  readonly tone: NonNullable<Bar["tone"]>;
}

/** One bar cut into shares. The figures stand beside it, so it says nothing that is not written. */
export function Shares({ of }: { readonly of: readonly Share[] }) {
  const all = Math.max(
    1,
    of.reduce((sum, share) => sum + share.value, 0),
  );
  const widths = of.map(({ value }) => (value / all) * WIDTH);
  return (
    <svg class="shares" viewBox={`0 0 ${WIDTH} 8`} preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-ground" width={WIDTH} height="8" />
      {of.map(({ tone }, index) => (
        <rect
          class={`share ${tone}`}
          x={widths
            .slice(0, index)
            .reduce((sum, width) => sum + width, 0)
            .toFixed(2)}
          width={(widths[index] ?? 0).toFixed(2)}
          height="8"
        />
      ))}
    </svg>
  );
}
