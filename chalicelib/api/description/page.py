"""The description as one HTML page, without a script: rendered from the OpenAPI document and nothing else."""

from pathlib import Path
from typing import Any, Final

from chalicelib.api.description.markup import code, element, prose, text
from chalicelib.api.description.rendered import rendered_operation
from chalicelib.api.description.start import start
from chalicelib.api.description.tables import schema_table

_STYLE: Final = Path(__file__).with_name("page.css")
_METHODS: Final = ("get", "post", "put", "patch", "delete")


def page(document: dict[str, Any]) -> str:
    """Return the page."""
    info = document["info"]
    families = _families(document)
    navigation = "".join(_links(name, operations) for name, operations in families.items())
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(info['title'])} API</title><style>{_STYLE.read_text()}</style>"
    )
    body = (
        f'<nav aria-label="Operations"><a class="home" href="#top">{text(info["title"])}</a>'
        f'<a class="family" href="#start">Begin</a>{navigation}'
        '<a class="family" href="#websockets">WebSockets</a><a class="family" href="#schemas">Schemas</a></nav>'
        f'<main id="top">{_introduction(document)}'
        + "".join(_family(tag, families[tag["name"]], document) for tag in document["tags"])
        + _websockets(document)
        + _schemas(document)
        + "</main>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _families(document: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Return each family's operations: method, path, operation."""
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                found[methods[method]["tags"][0]].append((method, path, methods[method]))
    return found


def _links(name: str, operations: list[tuple[str, str, dict[str, Any]]]) -> str:
    rows = "".join(
        f'<li><a href="#{told["operationId"]}"><b class="{method}">{method}</b><span>{_breakable(path)}</span></a></li>'
        for method, path, told in operations
    )
    return f'<a class="family" href="#{_anchor(name)}">{text(name)}</a><ul>{rows}</ul>'


def _breakable(path: str) -> str:
    """Return a path that a narrow column may break before a slash."""
    return text(path).replace("/", "<wbr>/")


def _introduction(document: dict[str, Any]) -> str:
    info = document["info"]
    schemes = "".join(
        f"<dt>{code(_header(scheme))}</dt><dd>{prose(scheme['description'])}</dd>"
        for scheme in document["components"]["securitySchemes"].values()
    )
    return (
        f"<header><h1>{text(info['title'])}</h1><p>The same as a document: "
        '<a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
        f"{prose(info['description'])}</header>{start()}<section><h2>Credentials</h2><dl>{schemes}</dl></section>"
    )


def _header(scheme: dict[str, Any]) -> str:
    if scheme["type"] == "http":
        return f"Authorization: Bearer {'sb_…' if scheme['bearerFormat'] != 'JWT' else '<token>'}"
    return f"{scheme['name']}: sb_…"


def _family(tag: dict[str, Any], operations: list[tuple[str, str, dict[str, Any]]], document: dict[str, Any]) -> str:
    rows = "".join(rendered_operation(method, path, told, document) for method, path, told in operations)
    return (
        f'<section><h2 id="{_anchor(tag["name"])}">{text(tag["name"])}</h2>{prose(tag["description"])}{rows}</section>'
    )


def _websockets(document: dict[str, Any]) -> str:
    rows = "".join(
        f"<dt>{code(way['path'])}</dt><dd>{prose(way['description'])}</dd>" for way in document["x-websockets"]
    )
    return f'<section><h2 id="websockets">WebSockets</h2><dl>{rows}</dl></section>'


def _schemas(document: dict[str, Any]) -> str:
    rows = "".join(
        element("article", f'<h3 id="schema-{name}">{text(name)}</h3>{schema_table(schema)}')
        for name, schema in document["components"]["schemas"].items()
    )
    return f'<section><h2 id="schemas">Schemas</h2>{rows}</section>'


def _anchor(name: str) -> str:
    return "family-" + name.lower().replace(".", "")
