/** Tables, states, charts, forms and notices. */
export const PIECES = `
table { width: 100%; border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: 0.82rem; color: var(--soft); padding: 0 0.75rem 0.45rem 0; border-bottom: 1px solid var(--line); vertical-align: bottom; }
td { padding: 0.5rem 0.75rem 0.5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover td { background: color-mix(in srgb, var(--sunk) 45%, transparent); }
th.numeric, td.numeric { text-align: right; }
.numeric + :not(.numeric) { padding-left: 0.8rem; }
td a, dd a, li a, .panel-head a, .card h2 a { display: inline-block; min-height: 24px; }
time { white-space: nowrap; }
td.tick-cell { width: 2rem; }
.entity { text-decoration: none; }
.entity:hover, p .entity { text-decoration: underline; }
.note { color: var(--soft); font-size: 0.88rem; margin: 0.15rem 0 0; }

.status { display: inline-flex; align-items: baseline; gap: 0.4em; font-weight: 600; white-space: nowrap; color: var(--soft); }
.status.good { color: var(--good); }
.status.busy { color: var(--busy); }
.status.warn { color: var(--warn); }
.status.bad { color: var(--bad); }
.status + .status { margin-left: 0.7em; }
.status.lane { font-weight: 500; margin-right: 0.9em; }
.note .status.lane { margin-left: 0.6em; }
.mark { align-self: center; width: 0.85em; height: 0.85em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; overflow: visible; }
.word { display: inline-block; font-size: 0.82rem; line-height: 1.35; border: 1px solid var(--line); border-radius: 4px; padding: 0 0.4em; background: var(--sunk); color: var(--ink); white-space: nowrap; }

.bars { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.4rem; font-size: 0.92rem; }
.bars li { display: grid; grid-template-columns: minmax(7rem, 38%) 1fr 4.5rem; gap: 0.75rem; align-items: center; }
.bar, .shares { display: block; width: 100%; height: 0.65rem; border-radius: 2px; fill: var(--busy); }
.bar.tall { height: 2.4rem; border-radius: 0; }
.columns-chart { margin: 0.8rem 0 0; }
.columns-chart figcaption { margin-bottom: 0.35rem; }
.bar.good, .share.good { fill: var(--good); }
.bar.warn, .share.warn { fill: var(--warn); }
.bar.bad, .share.bad { fill: var(--bad); }
.bar.quiet, .share.quiet { fill: var(--edge); }
.bar-ground { fill: var(--sunk); }
.share.busy { fill: var(--busy); }
.shares { min-width: 6rem; margin-top: 0.45rem; }
.bar-value { text-align: right; font-variant-numeric: tabular-nums; }
progress { width: 100%; height: 0.8rem; accent-color: var(--accent); }

.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 0.75rem 1.5rem; margin: 0; }
.facts dt { color: var(--soft); font-size: 0.82rem; font-weight: 600; }
.facts dd { margin: 0; }
.json { background: var(--sunk); border-radius: 6px; padding: 0.8rem 1rem; margin: 0 0 0.8rem; font: 0.84rem/1.5 var(--mono); max-height: 32rem; overflow: auto; white-space: pre-wrap; }

.way { list-style: none; margin: 0; padding: 0; }
.way > li { display: grid; grid-template-columns: 8.2rem 1fr; gap: 0 2rem; position: relative; padding-bottom: 1rem; }
.way > li::before { content: ""; position: absolute; left: 9.1rem; top: 0.5rem; width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--paper); border: 2px solid var(--edge); transform: translateX(-50%); z-index: 1; }
.way > li::after { content: ""; position: absolute; left: 9.1rem; top: 1rem; bottom: -0.5rem; border-left: 1px solid var(--line); }
.way > li:last-child::after { display: none; }
.way > li.good::before { background: var(--good); border-color: var(--good); }
.way > li.warn::before { border-color: var(--warn); background: linear-gradient(90deg, var(--warn) 50%, var(--paper) 50%); }
.way > li.bad::before { background: var(--bad); border-color: var(--bad); border-radius: 1px; }
.way .at { color: var(--soft); font-size: 0.88rem; text-align: right; font-variant-numeric: tabular-nums; }
.way .what { padding-left: 0.5rem; min-width: 0; }
.way p { margin: 0; }

form { margin: 0; }
label { font-size: 0.85rem; font-weight: 600; color: var(--soft); display: block; margin-bottom: 0.2rem; }
input, select, textarea { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--edge); border-radius: 5px; padding: 0.4rem 0.6rem; width: 100%; height: 2.5rem; }
input::placeholder { color: var(--soft); opacity: 1; }
textarea { font: 0.88rem/1.5 var(--mono); height: auto; }
input[type="checkbox"] { width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--accent); }
.hint { font-size: 0.84rem; color: var(--soft); margin: 0.25rem 0 0; }
.tick { display: flex; align-items: center; gap: 0.5rem; min-height: 2.4rem; }
.tick label { margin: 0; color: var(--ink); font-weight: 400; }
.tick[hidden] { display: none; }
button, .button { font: inherit; font-weight: 600; cursor: pointer; color: var(--ink); background: var(--paper); border: 1px solid var(--edge); border-radius: 5px; padding: 0.4rem 0.9rem; min-height: 2.5rem; text-decoration: none; display: inline-flex; align-items: center; justify-content: center; white-space: nowrap; }
button:hover, .button:hover { background: var(--sunk); }
button.main, .button.main { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
button.main:hover, .button.main:hover { background: color-mix(in srgb, var(--accent) 85%, var(--ink)); }
button.careful { color: var(--bad); border-color: currentColor; }
.filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 11rem), 1fr)); gap: 0.7rem 0.9rem; align-items: end; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); gap: 0.9rem; align-items: start; margin-bottom: 1rem; }
.field.wide { grid-column: 1 / -1; margin-bottom: 0.8rem; }
.action { display: grid; gap: 0.6rem; }
.row { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: end; }
.row .field { flex: 1 1 14rem; }
.pager { display: flex; gap: 0.6rem; justify-content: space-between; flex-wrap: wrap; }
.chips { display: flex; flex-wrap: wrap; gap: 0.4rem; list-style: none; margin: 0; padding: 0; }
.chips a { display: inline-block; border: 1px solid var(--line); border-radius: 999px; padding: 0.25rem 0.8rem; text-decoration: none; background: var(--paper); font-size: 0.9rem; }
.chips a[aria-current] { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); font-weight: 600; }
details > summary { cursor: pointer; font-weight: 600; padding: 0.35rem 0; color: var(--accent); }
.filter-panel { padding: 0.6rem 1.25rem; }
.filter-panel > summary { padding: 0.2rem 0; color: var(--ink); }
.filter-panel[open] > summary { margin-bottom: 0.8rem; }

.notice { border-left: 4px solid var(--edge); background: var(--paper); border-radius: 4px; padding: 0.75rem 1rem; }
.notice p { margin: 0; max-width: none; }
.notice.good { border-color: var(--good); background: var(--good-ground); }
.notice.warn { border-color: var(--warn); background: var(--warn-ground); }
.notice.bad { border-color: var(--bad); background: var(--bad-ground); }
.empty { border: 1px dashed var(--edge); border-radius: 8px; padding: 1.6rem 1.25rem; text-align: center; color: var(--soft); }
.empty p { margin: 0 auto; }
.empty-title { color: var(--ink); font-weight: 600; }
table + .no-permission, p + .no-permission { margin-top: 0.9rem; }
.no-permission { color: var(--soft); border-left: 3px solid var(--line); padding-left: 0.8rem; margin: 0; }
.sign-in { max-width: 34rem; margin: 3rem auto; }
.sign-in h1 { margin-bottom: 0.8rem; }
.after { margin-top: 0.9rem; }
.why { margin: 0; padding-left: 1.1rem; }
.plain { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.5rem; }
.kicker { color: var(--soft); font-size: 0.85rem; font-weight: 600; margin: 0 0 0.15rem; }
.next { border-left: 3px solid var(--accent); padding-left: 0.8rem; margin: 0.8rem 0; }
.acts { display: flex; flex-wrap: wrap; gap: 0.4rem 1.6rem; margin-top: 0.9rem; }
.acts details[open] { flex: 1 1 100%; }
.rows { grid-template-columns: minmax(0, 1fr); gap: 0.5rem; }
.rows > div { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: 0.75rem; align-items: baseline; }

@media (max-width: 48rem) {
  .top { grid-template-columns: minmax(0, 1fr) auto; gap: 0.4rem 0.6rem; padding: 0.5rem 0.9rem; }
  .who { gap: 0.5rem; }
  .who button { padding: 0.3rem 0.6rem; }
  .brand { gap: 0.4rem; font-size: 1rem; }
  .find { grid-column: 1 / -1; grid-row: 2; }
  .who-name { display: none; }
  nav.pages { padding: 0 2rem 0 0.2rem; mask-image: linear-gradient(90deg, #000 calc(100% - 2rem), transparent); }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .facts > div:has(a[href^="mailto:"]) { grid-column: 1 / -1; }
  .facts.rows { grid-template-columns: minmax(0, 1fr); }
  .rows > div { grid-template-columns: 6.5rem minmax(0, 1fr); }
  main { padding: 1rem 0.9rem 2rem; gap: 1rem; }
  footer { padding: 0 0.9rem 1.5rem; }
  .panel { padding: 0.9rem; }
  .cards { grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.5rem), 1fr)); gap: 0.7rem; }
  .card { padding: 0.7rem 0.8rem; }
  .card .figure { font-size: 1.4rem; }
  .filters { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .way > li { grid-template-columns: 1fr; padding-left: 1.3rem; }
  .way > li::before, .way > li::after { left: 0.35rem; }
  .way .at { text-align: left; }
  .way .what { padding-left: 0; }
  table.cards-when-narrow { display: block; }
  .cards-when-narrow thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards-when-narrow tbody { display: block; }
  .cards-when-narrow tr { display: flex; flex-direction: column; border-bottom: 1px solid var(--line); padding: 0.7rem 0; position: relative; }
  .cards-when-narrow tbody tr:first-child { padding-top: 0; }
  .cards-when-narrow tbody tr:last-child { border-bottom: 0; padding-bottom: 0; }
  .cards-when-narrow td { border: 0; padding: 0.12rem 0; display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0.6rem; justify-items: start; align-items: start; }
  .cards-when-narrow td > * { min-width: 0; }
  .cards-when-narrow td.numeric { text-align: left; }
  .cards-when-narrow td::before { content: attr(data-label); color: var(--soft); font-size: 0.85rem; }
  .cards-when-narrow td.leads { display: block; order: -1; font-size: 1rem; padding-bottom: 0.2rem; }
  .cards-when-narrow td.leads::before, .cards-when-narrow td.tick-cell::before, .cards-when-narrow td:has(> div:empty) { display: none; }
  .cards-when-narrow td.tick-cell { position: absolute; right: 0; display: block; }
  .cards-when-narrow tr:has(.tick-cell) td.leads { padding-right: 2.5rem; }
  .narrow-stays th, .narrow-stays td { padding-right: 0.4rem; }
  .narrow-stays th { font-size: 0.78rem; }
  .narrow-stays a { overflow-wrap: anywhere; }
  .narrow-stays .numeric + :not(.numeric) { padding-left: 0.3rem; }
  .cards-when-narrow td { overflow-wrap: anywhere; }
  .cards-when-narrow .numeric + :not(.numeric) { padding-left: 0; }
  .narrow-stays .shares { min-width: 3rem; }
  .narrow-stays .status { white-space: normal; }
}
@media (prefers-reduced-motion: no-preference) { .skip { transition: top 0.1s; } }
@media print { .top form, nav.pages, .action, .filters, footer { display: none; } body { background: #fff; } }
`;
