"""The style sheet of written HTML: readable on screens, on paper and in the dark, with fonts that every machine has."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #fff; --faint: #62626b; --line: #c9c9d1; --tint: #f3f3f6 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e4e9; --paper: #18181b; --faint: #a0a0ab; --line: #4a4a54; --tint: #25252b }
  img { background: #fff }
}
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: var(--paper); overflow-wrap: break-word;
  font: 1rem/1.55 "Segoe UI", "Noto Sans", "DejaVu Sans", Arial, sans-serif }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.6em 0 .6em }
h1 { font-size: 1.8rem } h2 { font-size: 1.45rem } h3 { font-size: 1.2rem } h4, h5, h6 { font-size: 1rem }
p { margin: .8em 0 }
ul, ol { margin: .8em 0; padding-left: 1.8em }
li > ul, li > ol { margin: .2em 0 }
li > p { margin: .2em 0 }
@counter-style parenthesis { system: extends decimal; suffix: ") " }
ol.parenthesis { list-style-type: parenthesis }
.scroll { overflow-x: auto; margin: 1em 0 }
table { border-collapse: collapse; font-size: .92em; line-height: 1.4 }
th, td { border: 1px solid var(--line); padding: .3em .55em; text-align: left; vertical-align: top; min-width: 2.5em }
th { background: var(--tint) }
thead th { text-align: center; vertical-align: middle }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
figure { margin: 1.2em 0 }
figure > .scroll { margin: .4em 0 }
img { max-width: 100%; height: auto; display: block }
.missing { border: 1px dashed var(--line); min-height: 2em; padding: .4em .6em; color: var(--faint) }
figcaption, .caption { color: var(--faint); font-size: .92em; margin: .4em 0 }
.formula { font-family: "Cambria Math", "DejaVu Math TeX Gyre", "DejaVu Sans Mono", monospace; white-space: pre-wrap;
  overflow: auto hidden; padding: .2em 0 }
math { font-size: 1.15em }
mtable[columnspacing^="0em"] > mtr > mtd { padding-left: 0; padding-right: 0 }
mtable[columnspacing^="0em"] > mtr > mtd:nth-child(2n):not(:last-child) { padding-right: 2em }
mtd[columnalign="left"] { text-align: left }
mtd[columnalign="right"] { text-align: right }
aside { border-left: 3px solid var(--line); padding-left: .8em; margin: 1em 0; font-size: .88em }
header, footer { color: var(--faint); font-size: .85em; margin: .6em 0 }
section.page { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: .4rem }
section.page::before { content: attr(data-page); display: block; color: var(--faint); font-size: .8em;
  text-align: right }
section.page[data-status="failed"]::before { content: attr(data-page) " \\26A0" }
@media print {
  :root { --ink: #000; --paper: #fff; --faint: #444; --line: #999; --tint: #f3f3f3 }
  body { font-size: 10.5pt }
  main { max-width: none; padding: 0 }
  .scroll { overflow: visible }
  thead { display: table-header-group }
  tr, img, figure.picture { break-inside: avoid }
  h1, h2, h3, h4, h5, h6 { break-after: avoid }
  section.page { border: 0; margin: 0; padding: 0; break-before: page }
  section.page:first-child { break-before: auto }
  section.page::before { content: none }
}
""".strip()
"""CSS; it asks for nothing from outside."""
