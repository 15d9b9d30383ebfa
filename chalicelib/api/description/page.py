"""The description as one HTML page without a script, rendered from the OpenAPI document and nothing else."""

import json
import re
from html import escape
from pathlib import Path
from typing import Any, Final

_STYLE: Final = Path(__file__).with_name("page.css")
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_PARTS: Final = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")(?=:)|(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[\w.+-]+)|[^"\w]+')
"""What JSON is made of."""

URL: Final = "$URL"
"""What the page's commands call the gateway."""
HERE: Final = "{{the address of the gateway}}"
"""Stands in the page for the address that its reader called, which no other reader need share."""

STEPS: Final[tuple[tuple[str, str], ...]] = (
    (
        "Log in. A token is good for a day; programs use an API key in its place.",
        """\
URL={{the address of the gateway}}
TOKEN=$(curl -s -X POST $URL/api/auth/login \\
  -d '{"username":"admin","password":"admin123"}' | jq -r .data.token)""",
    ),
    (
        "Create a session and want it running. Its id is the phone number.",
        """\
curl -X POST $URL/api/sessions -H "Authorization: Bearer $TOKEN" -d '{"phone":"6281234567890"}'
curl -X POST $URL/api/sessions/6281234567890/connect -H "Authorization: Bearer $TOKEN\"""",
    ),
    (
        "Take its QR code and scan it in WhatsApp: Settings, Linked devices, Link a device.",
        'curl "$URL/api/sessions/6281234567890/qr?format=png" -H "Authorization: Bearer $TOKEN" -o qr-code.png',
    ),
    (
        "Send.",
        """\
curl -X POST $URL/api/sessions/6281234567890/send -H "Authorization: Bearer $TOKEN" \\
  -d '{"to":"628987654321","message":"Hello from API!"}'""",
    ),
)


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


def start() -> str:
    """Return the steps as HTML."""
    steps = "".join(f"<li><p>{inline(said)}</p>{block(command)}</li>" for said, command in STEPS)
    return f'<section><h2 id="start">Begin</h2>{element("ol", steps)}</section>'


def rendered_operation(method: str, path: str, told: dict[str, Any], document: dict[str, Any]) -> str:
    """Return it folded up; its name leads to it and opens it."""
    summary = f'<b class="{method}">{method}</b> {code(path)} <span>{inline(told["summary"])}</span>'
    parts = [f'<div id="{told["operationId"]}">', prose(told.get("description", "")), _credentials(told)]
    if told.get("parameters"):
        parts.append(f"<h4>Parameters</h4>{parameter_table(told['parameters'])}")
    parts.append(_body(told))
    parts.append(f"<h4>Call</h4>{block(_curl(method, path, told))}<h4>Answers</h4>")
    shown: list[str] = []
    answers = {status: _answer(status, answer, document, shown) for status, answer in told["responses"].items()}
    bad = [status for status in answers if not _good(status)]
    parts += [answer for status, answer in answers.items() if status not in bad]
    errors = "".join(answers[status] for status in bad)
    parts.append(
        f'<details class="errors"><summary>Errors: {", ".join(bad)}</summary>{errors}</details>' if bad else ""
    )
    return f"<details><summary>{summary}</summary>{''.join(parts)}</div></details>"


def _credentials(told: dict[str, Any]) -> str:
    ways = [next(iter(way), None) for way in told["security"]]
    if ways == [None]:
        return "<p>Needs no credential.</p>"
    words = "A token or an API key" if "apiKey" in ways else "A token; API keys can't do this"
    alone = " Where the gateway allows it (the local stack does), no credential is needed." if None in ways else ""
    return f"<p>{words}.{alone}</p>"


def _body(told: dict[str, Any]) -> str:
    if "requestBody" not in told:
        return ""
    content = told["requestBody"]["content"]["application/json"]
    need = "" if told["requestBody"]["required"] else " <small>optional</small>"
    example = "".join(map(json_block, _examples(content)))
    return f"<h4>Body{need}</h4><p>{_type(content['schema'])}</p>{example}"


def _examples(content: dict[str, Any]) -> list[Any]:
    """Return the examples of a body: one, or one for each type of a body that may be several."""
    several = [one["value"] for one in content.get("examples", {}).values()]
    return [content["example"]] if "example" in content else several


def _curl(method: str, path: str, told: dict[str, Any]) -> str:
    values = {one["name"]: one["example"] for one in told.get("parameters", []) if one["in"] == "path"}
    needed = [one for one in told.get("parameters", []) if one["in"] == "query" and one.get("required")]
    query = "&".join(f"{one['name']}={one['schema']['const']}" for one in needed if "const" in one["schema"])
    address = re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), path)
    target = f"{URL}{address}" if not query else f'"{URL}{address}?{query}"'
    lines = [f"curl {target}" if method == "get" else f"curl -X {method.upper()} {target}"]
    if told["security"] != [{}]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    shown = _examples(content)
    if shown:
        lines += ['-H "Content-Type: application/json"', f"-d '{_shell(in_a_line(shown[0]))}'"]
    return " \\\n  ".join(lines)


def _shell(value: str) -> str:
    return value.replace("'", "'\\''")


def _answer(status: str, answer: dict[str, Any], document: dict[str, Any], before: list[str]) -> str:
    content = answer.get("content", {})
    kinds = "".join(f"<p>{code(kind)} {_shape(form)}</p>" for kind, form in content.items())
    shown = "".join(_shown(form, document) for form in content.values())
    # 202 often has the shape and the example that 200 has.
    example = "" if shown in before else shown
    before.append(shown)
    good = "good" if _good(status) else "bad"
    said = f'<h5 class="{good}">{text(status)}</h5>{prose(answer["description"])}'
    return f'<div class="answer">{said}{kinds}{example}</div>'


def _good(status: str) -> bool:
    return status < "400"


def _shape(form: dict[str, Any]) -> str:
    reference = form.get("schema", {}).get("$ref")
    return link(reference) if reference else ""


def _shown(form: dict[str, Any], document: dict[str, Any]) -> str:
    if "example" in form:
        return json_block(form["example"])
    examples = document["components"]["examples"]
    values = {
        name: one["value"] if "value" in one else examples[one["$ref"].rpartition("/")[2]]["value"]
        for name, one in form.get("examples", {}).items()
    }
    return "".join(
        f"<details class='example'><summary>{code(name)}</summary>{json_block(value)}</details>"
        for name, value in values.items()
    )


def parameter_table(parameters: list[dict[str, Any]]) -> str:
    """Return what a path, a query and the headers may have."""
    rows = "".join(
        f"<tr><th>{code(one['name'])}<small>{one['in']}{'' if one.get('required') else ', optional'}</small></th>"
        f"<td>{_type(one['schema'])}</td><td>{inline(one['description'])}{_rules(one['schema'])}</td></tr>"
        for one in parameters
    )
    return f"<table><tbody>{rows}</tbody></table>"


def schema_table(schema: dict[str, Any]) -> str:
    """Return a schema's description and fields."""
    about = prose(schema["description"]) if schema.get("description") else ""
    if "properties" not in schema:
        return f"{about}<p>{_type(schema)}</p>"
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><th>{code(name)}{'' if name in required else '<small>optional</small>'}</th>"
        f"<td>{_type(field)}</td><td>{_said(field)}{_rules(field)}</td></tr>"
        for name, field in schema["properties"].items()
    )
    return f"{about}<table><tbody>{rows}</tbody></table>"


def link(reference: str) -> str:
    """Return a link to a schema."""
    name = reference.rpartition("/")[2]
    return f'<a href="#schema-{name}">{text(name)}</a>'


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return link(schema["$ref"])
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "const" in schema:
        return code(_word(schema["const"]))
    if "enum" in schema:
        return " ".join(code(_word(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    kinds = schema.get("type", "any")
    said = " or ".join(kinds) if isinstance(kinds, list) else kinds
    return f"{said} <small>{text(schema['format'])}</small>" if "format" in schema else text(said)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _said(field: dict[str, Any]) -> str:
    nested = [one for one in field.get("anyOf", []) if "description" in one]
    return inline(field.get("description") or (nested[0]["description"] if nested else ""))


def _rules(schema: dict[str, Any]) -> str:
    """Return the bounds that a value has to keep."""
    for one in schema.get("anyOf", []):
        if one.get("type") != "null":
            schema = {**one, **schema}
    words = {"maxLength": "at most {} characters", "minimum": "from {}"}
    words |= {"maximum": "to {}", "minItems": "at least {}", "maxItems": "at most {}"}
    if schema.get("minLength", 0) > 1:
        words["minLength"] = "at least {} characters"
    rules = [said.format(schema[name]) for name, said in words.items() if name in schema]
    if schema.get("default") is not None:
        rules.append(f"else {_word(schema['default'])}")
    pattern = f" {code(schema['pattern'])}" if "pattern" in schema else ""
    return f"<small>{text(', '.join(rules))}{pattern}</small>" if rules or pattern else ""


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
