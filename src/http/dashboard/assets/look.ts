/** Colours, type and the frame of every page. Each colour of text keeps 4.5 to 1 against every ground it stands on, in both themes. */
export const LOOK = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f6f3, #0f1317);
  --paper: light-dark(#ffffff, #171c22);
  --sunk: light-dark(#eeeeea, #1f262e);
  --ink: light-dark(#1a1e23, #e7eaee);
  --soft: light-dark(#545c66, #a3adb8);
  --line: light-dark(#dcddd8, #2c343e);
  --edge: light-dark(#80878f, #737e8a);
  --accent: light-dark(#0a5a8a, #7cc0f0);
  --accent-ink: light-dark(#ffffff, #0f1317);
  --good: light-dark(#116239, #6fd39b);
  --busy: light-dark(#2f4bb0, #a9b8ff);
  --warn: light-dark(#8a4b00, #f2b457);
  --bad: light-dark(#b01e1e, #ff958a);
  --good-ground: light-dark(#e9f4ee, #15271e);
  --warn-ground: light-dark(#fbf1e2, #2a2113);
  --bad-ground: light-dark(#fbeceb, #2e1a19);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: break-word; }
a { color: var(--accent); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
h1 { font-size: 1.6rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; margin: 0; }
h2 { font-size: 1.05rem; font-weight: 650; margin: 0 0 0.7rem; }
h3 { font-size: 0.95rem; font-weight: 650; margin: 0 0 0.4rem; }
p { margin: 0 0 0.6rem; max-width: 75ch; }
code, .key, .id { font-family: var(--mono); font-size: 0.88em; }
code, .key, .id, h1, dd, pre, .note { overflow-wrap: anywhere; }
.faint { color: var(--soft); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.shapes { position: absolute; }
.skip { position: absolute; left: 0.5rem; top: -5rem; z-index: 2; background: var(--accent); color: var(--accent-ink); padding: 0.6rem 1rem; }
.skip:focus { top: 0.5rem; }

.top { background: var(--paper); border-bottom: 1px solid var(--line); display: grid; grid-template-columns: auto minmax(10rem, 30rem) 1fr; gap: 0.4rem 1.5rem; align-items: center; padding: 0.55rem 1.5rem; }
.brand { white-space: nowrap; display: flex; align-items: center; gap: 0.55rem; font-weight: 700; color: var(--ink); text-decoration: none; letter-spacing: -0.01em; font-size: 1.05rem; padding: 0.35rem 0; }
.brand svg { width: 1.5rem; height: 1.5rem; }
.brand rect { fill: var(--accent); }
.brand path { fill: none; stroke: var(--accent-ink); stroke-width: 2; }
.environment { font-size: 0.75rem; font-weight: 600; color: var(--soft); border: 1px solid var(--line); border-radius: 999px; padding: 0.05rem 0.55rem; }
.environment.production { color: var(--bad); border-color: currentColor; }
.find { display: flex; gap: 0.4rem; }
.find input { flex: 1; min-width: 0; }
.who { justify-self: end; display: flex; align-items: center; gap: 0.8rem; font-size: 0.87rem; color: var(--soft); }
.who strong { color: var(--ink); font-weight: 600; }
nav.pages { background: var(--paper); border-bottom: 1px solid var(--line); padding: 0 1.1rem; display: flex; gap: 0.1rem; overflow-x: auto; scrollbar-width: none; }
nav.pages a { color: var(--soft); text-decoration: none; padding: 0.6rem 0.7rem 0.5rem; white-space: nowrap; border-bottom: 3px solid transparent; font-size: 0.93rem; }
nav.pages a:hover { color: var(--ink); }
nav.pages a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--accent); }
nav.pages a:focus-visible { outline-offset: -3px; }
main { max-width: 82rem; margin: 0 auto; padding: 1.5rem 1.5rem 3rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; outline: none; }
footer { max-width: 82rem; margin: 0 auto; padding: 0 1.5rem 2rem; color: var(--soft); font-size: 0.85rem; display: flex; gap: 0.4rem 1.5rem; flex-wrap: wrap; align-items: center; }
.live { display: flex; align-items: center; gap: 0.6rem; margin-left: auto; }
.live[hidden] { display: none; }
.live button[aria-pressed="true"]::before { content: ""; display: inline-block; width: 0.55em; height: 0.55em; border-radius: 50%; background: var(--good); margin-right: 0.45em; }
.live button[aria-pressed="false"]::before { content: ""; display: inline-block; width: 0.5em; height: 0.6em; border: solid var(--soft); border-width: 0 2px; margin-right: 0.5em; }
.head { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: baseline; justify-content: space-between; }
.head p { margin: 0.25rem 0 0; color: var(--soft); }
.head-text { min-width: 0; }
.panel { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 1.1rem 1.25rem; min-width: 0; }
.panel > :last-child { margin-bottom: 0; }
.panel > * + h3, .panel > table + .facts, .panel > p + table { margin-top: 1.2rem; }
.panel.wide { grid-column: 1 / -1; }
.panel-head { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; justify-content: space-between; align-items: baseline; }
.panel-head { margin-bottom: 0.7rem; }
.panel-head > * { margin: 0; }
.panel-head p { color: var(--soft); font-size: 0.9rem; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.25rem; }
.columns.narrow { grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.columns.narrow .facts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 9rem), 1fr)); }

.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14.5rem), 1fr)); gap: 1rem; }
.card { background: var(--paper); border: 1px solid var(--line); border-top: 3px solid var(--edge); border-radius: 8px; padding: 0.9rem 1.1rem; }
.card.good { border-top-color: var(--good); }
.card.warn { border-top-color: var(--warn); }
.card.bad { border-top-color: var(--bad); }
.card h2 { font-size: 0.87rem; font-weight: 600; color: var(--soft); margin: 0 0 0.2rem; }
.card .figure { font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.02em; margin: 0; font-variant-numeric: tabular-nums; }
.card .figure small { font-size: 0.95rem; font-weight: 400; color: var(--soft); letter-spacing: 0; }
.card p { margin: 0.2rem 0 0; font-size: 0.9rem; }
`;
