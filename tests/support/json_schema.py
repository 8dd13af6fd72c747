"""A validator for the part of JSON Schema that `ragfront schema` uses; an unknown keyword is a failure, not a pass."""

import re
from typing import Any

_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
_SILENT = {"$schema", "$defs", "title", "description", "default", "examples", "format"}


def errors(value: Any, node: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """What is wrong with a value, as `PATH: keyword`; nothing where the schema accepts it."""
    found: list[str] = []
    for keyword, wanted in node.items():
        if keyword not in _SILENT:
            found += _CHECKS[keyword](value, wanted, node, root, at)
    return found


def _type(value: Any, wanted: Any, node: Any, root: Any, at: str) -> list[str]:
    right = isinstance(value, _TYPES[wanted]) and not (wanted == "integer" and isinstance(value, bool))
    return [] if right else [f"{at}: type {wanted}"]


def _ref(value: Any, wanted: str, node: Any, root: Any, at: str) -> list[str]:
    return errors(value, root["$defs"][wanted.removeprefix("#/$defs/")], root, at)


def _any_of(value: Any, wanted: list[Any], node: Any, root: Any, at: str) -> list[str]:
    tried = [errors(value, arm, root, at) for arm in wanted]
    return (
        [] if not all(tried) else [f"{at}: none of {len(wanted)}", *max(tried, key=lambda found: found[0].count("."))]
    )


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and value == wanted


def _properties(value: Any, wanted: Any, node: Any, root: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [e for key in value if key in wanted for e in errors(value[key], wanted[key], root, f"{at}.{key}")]


def _pattern_properties(value: Any, wanted: Any, node: Any, root: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    pairs = [(key, pattern) for key in value for pattern in wanted if re.search(pattern, key)]
    return [e for key, pattern in pairs for e in errors(value[key], wanted[pattern], root, f"{at}.{key}")]


def _additional(value: Any, wanted: Any, node: Any, root: Any, at: str) -> list[str]:
    assert wanted is False
    known, patterns = node.get("properties", {}), node.get("patternProperties", {})
    keys = value if isinstance(value, dict) else ()
    return [f"{at}.{k}: unknown" for k in keys if k not in known and not any(re.search(p, k) for p in patterns)]


def _items(value: Any, wanted: Any, node: Any, root: Any, at: str) -> list[str]:
    members = value if isinstance(value, list) else []
    return [e for index, member in enumerate(members) for e in errors(member, wanted, root, f"{at}.{index}")]


def _bound(wrong: Any, kind: Any) -> Any:
    def check(value: Any, wanted: Any, node: Any, root: Any, at: str) -> list[str]:
        applies = isinstance(value, kind) and not isinstance(value, bool)
        return [f"{at}: bound {wanted}"] if applies and wrong(value, wanted) else []

    return check


_CHECKS: dict[str, Any] = {
    "type": _type,
    "$ref": _ref,
    "anyOf": _any_of,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "items": _items,
    "const": lambda value, wanted, node, root, at: [] if _same(value, wanted) else [f"{at}: const {wanted}"],
    "enum": lambda value, wanted, node, root, at: [] if any(_same(value, w) for w in wanted) else [f"{at}: enum"],
    "required": lambda value, wanted, node, root, at: (
        [f"{at}: missing {key}" for key in wanted if key not in value] if isinstance(value, dict) else []
    ),
    "pattern": _bound(lambda value, wanted: re.search(wanted, value) is None, str),
    "minimum": _bound(lambda value, wanted: value < wanted, int),
    "maximum": _bound(lambda value, wanted: value > wanted, int),
    "maxLength": _bound(lambda value, wanted: len(value) > wanted, str),
    "minItems": _bound(lambda value, wanted: len(value) < wanted, list),
    "maxItems": _bound(lambda value, wanted: len(value) > wanted, list),
    "maxProperties": _bound(lambda value, wanted: len(value) > wanted, dict),
    "minProperties": _bound(lambda value, wanted: len(value) < wanted, dict),
    "exclusiveMinimum": _bound(lambda value, wanted: value <= wanted, int),
}
