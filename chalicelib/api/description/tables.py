"""Schemas and parameters as HTML tables."""

from typing import Any

from chalicelib.api.description.markup import code, inline, prose, text


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
