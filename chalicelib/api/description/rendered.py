"""One operation as HTML: what it takes, a call with curl, and its answers."""

import re
from typing import Any

from chalicelib.api.description.markup import block, code, in_a_line, inline, json_block, prose, text
from chalicelib.api.description.start import URL
from chalicelib.api.description.tables import link, parameter_table


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
    example = json_block(content["example"]) if "example" in content else ""
    return f"<h4>Body{need}</h4><p>{link(content['schema']['$ref'])}</p>{example}"


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
    if "example" in content:
        lines += ['-H "Content-Type: application/json"', f"-d '{_shell(in_a_line(content['example']))}'"]
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
