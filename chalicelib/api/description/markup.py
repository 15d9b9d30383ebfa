"""Text as HTML: escaped always, with the little of Markdown that the descriptions use."""

import json
import re
from html import escape
from typing import Any, Final

_PARTS: Final = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")(?=:)|(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[\w.+-]+)|[^"\w]+')
"""What JSON is made of."""


def text(value: str) -> str:
    """Return the text, safe in an element and in a quoted attribute."""
    return escape(value)


def element(name: str, inner: str, kind: str = "") -> str:
    """Return an element around HTML."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<{name}{attribute}>{inner}</{name}>"


def code(value: str) -> str:
    """Return the text as code."""
    return element("code", text(value))


def block(value: str) -> str:
    """Return lines of code; reachable by keyboard, since long ones scroll."""
    return f'<pre tabindex="0">{text(value)}</pre>'


def json_block(value: Any) -> str:
    """Return a value as JSON to read, its keys, texts and words told apart by colour."""
    said = json.dumps(value, indent=2, ensure_ascii=False)
    parts = (_coloured(found) for found in _PARTS.finditer(said))
    return f'<pre tabindex="0">{"".join(parts)}</pre>'


def in_a_line(value: Any) -> str:
    """Return a value as JSON in one line."""
    return json.dumps(value, ensure_ascii=False)


def prose(value: str) -> str:
    """Return paragraphs, lists and code."""
    parts = re.split(r"\n\s*\n", value.strip())
    return "".join(_paragraph(part) for part in parts if part)


def inline(value: str) -> str:
    """Return the text with its code marked, between single or double backticks."""
    return re.sub(r"(`{1,2})([^`]+)\1", lambda found: f"<code>{found[2]}</code>", text(value))


def _paragraph(part: str) -> str:
    lines = part.split("\n")
    if all(line.startswith("- ") for line in lines):
        return "<ul>" + "".join(f"<li>{inline(line[2:])}</li>" for line in lines) + "</ul>"
    return f"<p>{inline(part)}</p>"


def _coloured(found: re.Match[str]) -> str:
    return element("span", text(found[0]), found.lastgroup) if found.lastgroup else text(found[0])
