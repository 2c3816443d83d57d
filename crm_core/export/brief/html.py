"""The brief as a page for the browser: one file, nothing loaded from elsewhere, printed on one A4 page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from crm_core.export.brief.model import NO_RULES, RULES, Brief, about, fitted, group_figures
from crm_core.export.brief.pdf import room_for

#: A browser's letters may be a little wider than those of the PDF, by which the room is measured.
CAUTION = 0.93

#: What prints is laid out as the PDF is: same width, columns and sizes; on the screen it is a sheet that grows with its text.
STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --quiet: #5b6773; --accent: #00639c; --ground: #f3f6f9; --line: #d5dde5; --page: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ecf2; --quiet: #a9b6c2; --accent: #7cc4ee; --ground: #1d2630; --line: #33414f; --page: #12181f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 9.5pt/1.38 'Noto Sans', Vazirmatn, 'Source Sans 3', system-ui, sans-serif; }
main { max-width: 210mm; margin: 6mm auto; padding: 15mm; background: var(--page); border: 1px solid var(--line); border-radius: 2mm; }
h1 { margin: 0; font-size: 2.1em; line-height: 1.25; color: var(--accent); }
h2 { margin: .95em 0 .35em; padding-bottom: .1em; font-size: 1.1em; color: var(--accent); border-bottom: 1px solid var(--line); }
p { margin: 0 0 .25em; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.about, .quiet, th { color: var(--quiet); font-size: .86em; font-weight: normal; }
.tiles { display: flex; gap: 3mm; margin-top: 3mm; }
.tiles div { flex: 1; min-width: 0; padding: 1.8mm 2.5mm; background: var(--ground); border-radius: 1.2mm; }
.tiles strong { display: block; font-size: 1.45em; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--quiet); font-size: .86em; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 8mm; }
.columns > div { min-width: 0; }
table { width: 100%; border-collapse: collapse; }
td, th { padding: .12em .4em .12em 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; overflow-wrap: anywhere; }
td + td, th + th { padding-right: 0; text-align: right; font-weight: bold; font-variant-numeric: tabular-nums; }
th + th { font-weight: normal; }
pre { margin: 0; padding: 1.5mm 2.5mm; background: var(--ground); border-radius: 1.2mm; font: .86em/1.38 ui-monospace, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
@media (max-width: 170mm) { main { padding: 5mm; margin: 0; } .columns { grid-template-columns: 1fr; gap: 0; }
  .tiles { flex-wrap: wrap; } .tiles div { flex-basis: 40%; } }
@page { size: A4; margin: 15mm; }
@media print {
  :root { color-scheme: light; --ink: #1c2733; --quiet: #5b6773; --accent: #00639c; --ground: #f3f6f9; --line: #d5dde5; --page: #ffffff; }
  body { background: none; font-size: PRINTEDpt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; height: 266mm; margin: 0; padding: 0; border: 0; overflow: hidden; }
  .columns { grid-template-columns: 1fr 1fr; gap: 8mm; }
  .tiles { flex-wrap: nowrap; }
}
"""


def to_html(brief: Brief) -> bytes:
    """The brief as a web page in UTF-8 that needs no other file; the same brief gives the same bytes. All texts are escaped."""
    room = room_for(brief)
    page = fitted(brief, room)
    style = STYLE.replace("PRINTED", f"{9.5 * room.scale * CAUTION:.2f}")
    body = [
        f'<h1 dir="auto">{escape(page.title)}</h1>',
        f'<p class="about" dir="auto">{escape(about(page))}</p>',
        _tiles(page),
        '<div class="columns"><div>',
        _sentences("Who", page.who),
        _sentences("Why", page.why),
        _table(RULES, [(rule, f"{count:,}") for rule, count in page.rules]) or _sentences(RULES, (NO_RULES,)),
        "</div><div>",
        _table("What to expect", page.expect),
        _sentences("" if page.expect else "What to expect", page.caveats, "quiet"),
        _table("Groups", group_figures(page.groups) if page.groups else []),
        _table("Profile", page.profile, ("", "Audience", "All customers")),
        "</div></div>",
        _sentences("How it will be judged", page.judged),
        _command(page.command),
    ]
    head = f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>{escape(page.title)}</title>\n<style>{style}</style>'
    text = "\n".join(filter(None, body))
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n<main>\n{text}\n</main>\n</body>\n</html>\n'.encode()


def _tiles(brief: Brief) -> str:
    tiles = "".join(
        f'<div dir="auto"><strong><bdi>{escape(value)}</bdi></strong><span>{escape(label)}</span></div>' for label, value in brief.how_many
    )
    return f'<div class="tiles">{tiles}</div>' if tiles else ""


def _command(text: str) -> str:
    """The command, left to right, each word by itself, so that right-to-left words keep their places."""
    words = " ".join(f'<bdi dir="ltr">{escape(word)}</bdi>' for word in text.split(" "))
    return f'<h2>The same list again</h2>\n<pre dir="ltr">{words}</pre>' if text else ""


def _sentences(heading: str, texts: Sequence[str], kind: str = "") -> str:
    if not texts:
        return ""
    named = f' class="{kind}"' if kind else ""
    lines = [f"<h2>{heading}</h2>"] if heading else []
    return "\n".join([*lines, *(f'<p{named} dir="auto">{escape(text)}</p>' for text in texts)])


def _table(heading: str, rows: Iterable[tuple[str, ...]], header: tuple[str, ...] = ()) -> str:
    lines = ["".join(f'<td dir="auto">{escape(cell)}</td>' for cell in row) for row in rows]
    if not lines:
        return ""
    top = ["".join(f'<th scope="col">{cell}</th>' for cell in header)] if header else []
    return f"<h2>{heading}</h2>\n<table>\n" + "\n".join(f"<tr>{line}</tr>" for line in [*top, *lines]) + "\n</table>"
