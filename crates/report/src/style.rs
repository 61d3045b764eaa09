//! The page's one style sheet; nothing is fetched from elsewhere.

/// Cascading style sheet of a page.
pub const STYLE: &str = "
:root { --ink: #1d1d1f; --soft: #5b5b63; --line: #d5d5da; --own: #0b5c7d; --flanders: #8a8a92; --cluster: #c98a1b; --notice: #fff6dd; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; color: var(--ink); max-width: 62rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.9rem; margin: 0 0 .25rem; } h2 { font-size: 1.35rem; margin: 2.6rem 0 .5rem; border-bottom: 2px solid var(--own); padding-bottom: .2rem; }
h3 { font-size: 1.08rem; margin: 1.8rem 0 .3rem; } p { margin: .35rem 0; max-width: 48rem; }
.edition, .source, .caveat { color: var(--soft); font-size: .9rem; }
.notice { background: var(--notice); border: 1px solid #e5c76a; padding: .6rem .9rem; margin: 1rem 0; max-width: none; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 .4rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .9rem; padding-bottom: .3rem; }
th, td { padding: .28rem .5rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; font-weight: normal; }
th[scope=row] { text-align: left; } thead th { font-size: .85rem; color: var(--soft); vertical-align: bottom; } thead th:first-child { text-align: left; }
tr.total th, tr.total td { font-weight: 600; } tr.sub th[scope=row] { padding-left: 1.4rem; }
.withheld { color: var(--soft); }
figure { margin: .6rem 0 1rem; } svg { max-width: 100%; height: auto; } svg text { font: 13px system-ui, 'DejaVu Sans', sans-serif; fill: var(--ink); }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .8rem; color: var(--soft); font-size: .9rem; }
@media (max-width: 40rem) { article { overflow-x: auto; } th, td { padding: .28rem .3rem; } caption { white-space: nowrap; } }
@media print { body { margin: 0; font-size: 11pt; } h3, table { break-inside: avoid; } }
";
