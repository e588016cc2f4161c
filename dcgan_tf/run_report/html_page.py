"""The report's HTML: the page, its tables and its pictures."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_MOST_LISTED = 20  # Of a setting's many values, such as files' names.
_MIME_TYPES = {".png": "image/png", ".gif": "image/gif"}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
:root {{ color-scheme: light; }}
body {{ margin: 0 auto; padding: 1rem; max-width: 75rem; color: #18181c;
  background: #fff; font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere; }}
h1 {{ font-size: 1.6rem; margin: 0.5rem 0; }}
h2 {{ font-size: 1.2rem; margin: 2.5rem 0 0.5rem; }}
nav a {{ margin-right: 0.8rem; white-space: nowrap; }}
nav {{ display: flex; flex-wrap: wrap; }}
figure {{ margin: 0; overflow-x: auto; border: 1px solid #ddd; }}
img {{ display: block; }}
.sheet {{ width: 100%; min-width: 40rem; height: auto; }}
.small {{ max-width: 100%; height: auto; }}
.pixels {{ width: min(100%, 34rem); image-rendering: pixelated; }}
.tables {{ display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }}
table {{ border-collapse: collapse; width: 100%; font-size: 0.9rem; }}
th, td {{ text-align: left; padding: 0.2rem 0.5rem 0.2rem 0;
  border-bottom: 1px solid #e4e4e8; vertical-align: top; }}
caption {{ text-align: left; font-weight: 600; }}
.tables th {{ width: 45%; }}
.columns {{ margin-top: 1.5rem; overflow-x: auto; }}
.columns :first-child {{ min-width: 5rem; }}
.columns :not(:first-child) {{ overflow-wrap: normal; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
<nav>{links}</nav>
{sections}
</body>
</html>
"""


def format_page(title: str, summary: str, sections: Mapping[str, str]) -> str:
    """Puts sections under each other, with links to each.

    Args:
        title: Plain text.
        summary: Plain text.
        sections: Headings, as plain text, to HTML; empty ones are left out.
    """
    sections = {name: body for name, body in sections.items() if body}
    return _PAGE.format(
        title=html.escape(title),
        summary=html.escape(summary),
        links="".join(
            f'<a href="#{_anchor(name)}">{html.escape(name)}</a>'
            for name in sections
        ),
        sections="\n".join(
            f'<section id="{_anchor(name)}"><h2>{html.escape(name)}</h2>\n'
            f"{body}</section>"
            for name, body in sections.items()
        ),
    )


def _anchor(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower())


def flatten_settings(
    values: Mapping, prefix: str = ""
) -> list[tuple[str, str]]:
    """Names and values of nested settings; what isn't set is left out."""
    rows = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += flatten_settings(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            if value:
                rows.append((prefix + name, _join(name, value)))
        elif value is not None:
            rows.append((prefix + name, _format_value(value)))
    return rows


def _join(name: str, values: Sequence) -> str:
    # Of label counts, None is all that there are.
    words = ["all" if v is None else _format_value(v) for v in values]
    if name == "image_size":
        return " x ".join(words)
    if len(words) > _MOST_LISTED:
        num_more = len(words) - _MOST_LISTED
        words = [*words[:_MOST_LISTED], f"and {num_more:,} more"]
    # Sentences and files' names may have commas of their own.
    has_text = any(isinstance(value, str) for value in values)
    return ("; " if has_text else ", ").join(words)


def _format_value(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def format_table(
    caption: str, rows: Iterable[Sequence[str]], columns: Sequence[str] = ()
) -> str:
    """Makes a table.

    Args:
        caption: Plain text.
        rows: Cells, the name of the row first.
        columns: Names of all columns, if they are shown.
    """
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    cells = f"<tr>{head}</tr>" if columns else ""
    cells += "".join(
        f"<tr><th>{html.escape(row[0])}</th>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    caption = f"<caption>{html.escape(caption)}</caption>"
    table = f"<table>{caption}{cells}</table>"
    # On a phone, many columns are wider than the page: they scroll.
    return f'<div class="columns">{table}</div>' if columns else table


def format_picture(path: Path, alt: str, style: str) -> str:
    """Makes a picture that holds its file; empty if there is none."""
    if not path.exists():
        return ""
    data = base64.b64encode(path.read_bytes()).decode()
    return (
        f'<figure><img class="{style}" alt="{html.escape(alt)}" '
        f'src="data:{_MIME_TYPES[path.suffix]};base64,{data}"></figure>\n'
    )
