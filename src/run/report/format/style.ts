/** The report's style sheet: light and dark by the reader's preference, and fit to be printed. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5c6570; --line: #d8dde3; --paper: #fff; --wash: #f5f7f9;
  --accent: #1f6feb; --good: #176f2c; --bad: #b3261e; --doubt: #8a5a00; --added: #d7f5dd; --removed: #fde0de; --test: #8250df; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7eb; --soft: #9aa5b1; --line: #343b43; --paper: #14171a; --wash: #1c2126;
  --accent: #6cb0ff; --good: #6fdd8b; --bad: #ff938a; --doubt: #e8b44c; --added: #173d22; --removed: #4b1d1b; --test: #c297ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .7rem; padding-top: .9rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 0; } h3 .soft { font-weight: 400; margin-left: .4rem; }
p { margin: .5rem 0; }
.soft, .left { color: var(--soft); }
.lead { font-size: 1.1rem; }
.answer { font-size: 1.25rem; line-height: 1.4; margin: .8rem 0; padding-left: .8rem; border-left: 4px solid var(--doubt); }
.answer.yes { border-color: var(--good); } .answer.no { border-color: var(--bad); }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem 1.5rem; align-items: start; }
.sides h3 { padding-bottom: .3rem; border-bottom: 2px solid var(--line); } .sides h3.fixed { color: var(--good); } .sides h3.broken { color: var(--bad); } .sides h3.wrong { color: var(--doubt); }
.entry { padding: .5rem 0; border-bottom: 1px solid var(--line); font-size: .87rem; } .entry p { margin: 0 0 .2rem; }
.entry dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .7rem; margin: 0; } .entry dt { color: var(--soft); } .entry dd { margin: 0; }
nav { color: var(--soft); margin-top: .8rem; }
nav a { color: var(--accent); display: inline-block; margin-right: .9rem; text-decoration: none; }
nav a:hover, nav a:focus { text-decoration: underline; }
.caveats { margin: .5rem 0; padding: .6rem 1rem .6rem 2.1rem; background: var(--wash); border-left: 4px solid var(--doubt); border-radius: 3px; }
.caveats li { margin: .35rem 0; }
.tables { overflow-x: auto; }
table { border-collapse: collapse; min-width: 60%; font-size: .87rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .38rem 1.3rem .38rem 0; border-bottom: 1px solid var(--line); white-space: pre-wrap; overflow-wrap: break-word; }
.figure { text-align: right; } td.long { min-width: 9rem; overflow-wrap: anywhere; } td.name { white-space: nowrap; } th { color: var(--soft); font-weight: 600; }
td.accepted, td.fixed, td.right, .verdict.accepted { color: var(--good); } td.rejected, td.broken, td.wrong, .verdict.rejected { color: var(--bad); }
td.undecided, td.unscored, .verdict.undecided { color: var(--doubt); }
article { margin: 1.1rem 0 1.6rem; padding: .9rem 1.1rem 1rem; border: 1px solid var(--line); border-radius: 6px; }
.verdict { font-weight: 600; margin: .25rem 0; }
.text { margin: .7rem 0; padding: .75rem .9rem; background: var(--wash); border-radius: 4px; white-space: pre-wrap; font: .86rem/1.6 ui-monospace, monospace; }
.gradients .text { border-left: 3px solid var(--doubt); }
ins { background: var(--added); text-decoration: none; border-bottom: 1px solid var(--good); } del { background: var(--removed); color: var(--soft); }
details { margin: .3rem 0; } summary { cursor: pointer; color: var(--accent); }
summary:focus-visible, nav a:focus-visible, .tables:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
details > table { margin-top: .4rem; }
.plot { display: block; width: 100%; min-width: 34rem; height: auto; margin: .4rem 0; }
.strips { display: grid; grid-template-columns: minmax(auto, max-content) minmax(4rem, 18rem) minmax(auto, max-content); gap: .15rem .9rem; align-items: center; margin: .9rem 0; font-size: .87rem; }
.strips .soft { display: inline-block; white-space: nowrap; } .strips svg { width: 100%; display: block; }
.bar { width: 6rem; height: .6rem; display: block; margin-top: .35rem; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } svg .tick { fill: var(--soft); } svg .test-name { fill: var(--test); }
svg .grid { stroke: var(--line); } svg .band { fill: var(--accent); opacity: .16; } svg .score { fill: none; stroke: var(--accent); stroke-width: 2; }
svg .point { fill: var(--accent); stroke: var(--accent); stroke-width: 2; } svg .hollow { fill: var(--paper); } svg .open { stroke: var(--accent); stroke-width: 2; stroke-dasharray: 2 2; }
svg .whisker { stroke: var(--soft); stroke-width: 2; } .plot .whisker { stroke: var(--test); stroke-width: 1.5; }
svg .test { fill: var(--test); } svg .link { stroke: var(--test); stroke-dasharray: 3 4; opacity: .7; } svg .rest { fill: var(--line); } svg .part { fill: var(--accent); }
@media (max-width: 40rem) { article { padding: .7rem .8rem .8rem; } .strips { grid-template-columns: 1fr auto; } .strips > span:nth-child(3n + 1) { grid-column: 1 / -1; }
  .strips > :nth-child(3n + 1):not(:first-child):not(:empty) { margin-top: .5rem; } .bar { width: 100%; } .plot { min-width: 28rem; }
  .wide, .wide tbody, .wide tr, .wide td { display: block; width: 100%; } .wide thead { display: none; } .wide tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .wide td { display: flex; gap: .8rem; padding: .1rem 0; border: 0; overflow-wrap: anywhere; white-space: pre-wrap; } .wide td::before { content: attr(data-label); flex: 0 0 6.5rem; color: var(--soft); } .wide td[data-label=""]::before { content: none; } .wide td:empty { display: none; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --wash: #f4f4f4; --accent: #0b57d0; --good: #176f2c;
  --bad: #b3261e; --doubt: #8a5a00; --added: #d7f5dd; --removed: #fde0de; --test: #6639ba; }
  body { max-width: none; padding: 0; font-size: 10.5pt; } nav { display: none; } tr, svg, .strips { break-inside: avoid; } h2, h3, .verdict, thead { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; } * { print-color-adjust: exact; } }
`;
