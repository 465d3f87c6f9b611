"""Whether a value keeps a JSON schema, for the few keywords the answer contract uses.

A library that evaluates any schema builds an object per visited value: five milliseconds for an answer that keeps
the contract, as almost every one does. Here a schema is compiled to plain functions once. What they accept keeps the
schema; what they do not accept is for the library to judge and to put into words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]

_IN_WORDS_ONLY = frozenset({"$schema", "$defs", "title", "description"})


def compile_schema(schema: Mapping[str, Any]) -> Check:
    """Return a function that says whether a value, as ``json.loads`` makes it, certainly keeps ``schema``.

    ValueError for a keyword, or a use of one, that is not known here: no part of a schema is passed over. References go
    to ``$defs``; a schema that refers to itself is a RecursionError.
    """
    return _compiled(schema, schema.get("$defs", {}))


def _compiled(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Check:
    rest = {key: value for key, value in node.items() if key not in _IN_WORDS_ONLY}
    if "$ref" in rest:
        name = rest.pop("$ref").removeprefix("#/$defs/")
        checks = [_compiled(definitions[name], definitions)]
    elif "const" in rest or "enum" in rest:
        checks = [_one_of(rest.pop("enum") if "enum" in rest else [rest.pop("const")])]
    else:
        types = rest.pop("type", None)
        names = [types] if isinstance(types, str) else list(types or ())
        if not names or not set(names) <= _BY_TYPE.keys():
            raise ValueError(f"not a type that can be checked: {types!r}")
        checks = [_BY_TYPE[name](rest, definitions) for name in names]
        known = {keyword for name in names for keyword in _KEYWORDS[name]}
        rest = {key: value for key, value in rest.items() if key not in known}
    if rest:
        raise ValueError(f"not known: {', '.join(sorted(rest))}")
    return checks[0] if len(checks) == 1 else _any_of(checks)


def _any_of(checks: list[Check]) -> Check:
    return lambda value: any(check(value) for check in checks)


def _one_of(values: list[Any]) -> Check:
    if not all(isinstance(value, str) for value in values):
        raise ValueError("only strings can be listed")
    allowed = frozenset(values)
    return lambda value: isinstance(value, str) and value in allowed


def _object(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Check:
    checks = {name: _compiled(part, definitions) for name, part in node.get("properties", {}).items()}
    required = frozenset(node.get("required", ()))
    if node.get("additionalProperties") is not False:
        raise ValueError("objects must be closed")

    def keeps(value: Any) -> bool:
        if not isinstance(value, dict) or not required <= value.keys():
            return False
        for key, item in value.items():
            check = checks.get(key)
            if check is None or not check(item):
                return False
        return True

    return keeps


def _array(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Check:
    item = _compiled(node["items"], definitions)
    least, most = node.get("minItems", 0), node.get("maxItems", float("inf"))
    unique = node.get("uniqueItems", False)
    if unique and node["items"].get("type") != "string":
        raise ValueError("only strings can be unique")

    def keeps(value: Any) -> bool:
        if not isinstance(value, list) or not least <= len(value) <= most or not all(map(item, value)):
            return False
        return not unique or len(set(value)) == len(value)

    return keeps


def _string(node: Mapping[str, Any], _definitions: Mapping[str, Any]) -> Check:
    least, most = node.get("minLength", 0), node.get("maxLength", float("inf"))
    found = re.compile(node.get("pattern", "")).search
    return lambda value: isinstance(value, str) and least <= len(value) <= most and found(value) is not None


def _integer(node: Mapping[str, Any], _definitions: Mapping[str, Any]) -> Check:
    least, most = node.get("minimum", -float("inf")), node.get("maximum", float("inf"))

    def keeps(value: Any) -> bool:
        # 2.0 is an integer to JSON Schema, true is not, though it is one to Python.
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool) and least <= value <= most

    return keeps


_BY_TYPE: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Check]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "boolean": lambda _node, _definitions: lambda value: isinstance(value, bool),
    "null": lambda _node, _definitions: lambda value: value is None,
}
_KEYWORDS = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
    "string": {"minLength", "maxLength", "pattern"},
    "integer": {"minimum", "maximum"},
    "boolean": set[str](),
    "null": set[str](),
}
