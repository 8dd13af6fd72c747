"""Schema: JSON Schema (draft 7, what editors' YAML servers speak best) of the file, short spellings included.

Made from the settings: pydantic describes their long form; here it is widened by what `spelling`, `presets` and
`environment` accept before, and defaults are spelled as an operator would.
"""

from typing import Any

from pydantic import BaseModel

from gateway.config import kinds
from gateway.config.presets import presets
from gateway.config.shown import spelled
from gateway.model.settings.file import Settings

Node = dict[str, Any]

_FROM_ENVIRONMENT: Node = {"$ref": "#/$defs/FromEnvironment"}
_REDIS_URL: Node = {"type": "string", "pattern": "^(rediss?|unix)://"}
_UPSTREAM_URL: Node = {"type": "string", "pattern": "^(https?://|\\$\\{)"}
_SHORT: dict[str, list[Node]] = {
    "UpstreamSettings": [_UPSTREAM_URL, {"type": "array", "items": _UPSTREAM_URL, "minItems": 1}],
    "RedisSettings": [_REDIS_URL, _FROM_ENVIRONMENT],
    "DiskSettings": [{"type": "string"}],
    "CacheSettings": [{"const": "http"}],
    "L2Settings": [{"const": "off"}, _REDIS_URL, _FROM_ENVIRONMENT],
}


def schema() -> Node:
    """A schema that accepts every file that `load` accepts, but for booleans spelled as text."""
    made = Settings.model_json_schema(by_alias=True)
    definitions = made.pop("$defs")
    for name, model in _models(Settings).items():
        _widen_model(definitions.get(name, made), model)
    route = definitions["RouteSettings"]
    route["properties"]["preset"] = {"enum": list(presets()), "description": "start from what a known service needs"}
    route["anyOf"] = [{"required": ["name"]}, {"required": ["preset"]}]
    del route["required"]
    definitions["FromEnvironment"] = {
        "type": "string",
        "pattern": "\\$\\{",
        "description": "${NAME} or ${NAME:-default}",
    }
    made["patternProperties"] = {"^x-": {"description": "your own, for anchors"}}
    return {"$schema": "http://json-schema.org/draft-07/schema#"} | made | {"title": "ragfront", "$defs": definitions}


def _models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The model and those inside it, by name."""
    found = {model.__name__: model}
    for info in model.model_fields.values():
        kind = kinds.bare(info.annotation)
        while not kinds.is_model(kind) and (inner := kinds.members(kind)) is not None:
            kind = kinds.bare(inner)
        if kinds.is_model(kind):
            found |= _models(kind)
    return found


def _widen_model(node: Node, model: type[BaseModel]) -> None:
    node.pop("title", None)
    for name, info in kinds.fields(model).items():
        made = node["properties"][name]
        known = {key: made[key] for key in ("description", "examples") if key in made}
        shape = {
            key: value for key, value in made.items() if key not in ("description", "examples", "title", "default")
        }
        if info.is_required() or not shape:
            node["properties"][name] = known | _widen(shape)
            continue
        arms = _arms(_widen(shape))
        null = [] if {"type": "null"} in arms else [{"type": "null"}]  # a key without a value
        default = {} if isinstance(info.default, BaseModel) else {"default": spelled(info.default, info)}
        node["properties"][name] = known | default | {"anyOf": [*arms, *null]}


def _widen(node: Node) -> Node:
    """A type's schema -> one that also accepts its short spellings."""
    if "$ref" in node:
        short = _SHORT.get(node["$ref"].rpartition("/")[2], [])
        return {"anyOf": [node, *short]} if short else node
    if "anyOf" in node:
        # In `all, or a list` a word alone stays a word: no arm is widened to take one for a list.
        arms = [arm | {"items": _widen(arm["items"])} if arm.get("items") else arm for arm in node["anyOf"]]
        widened = [wide for arm in arms for wide in (_arms(_widen(arm)) if "$ref" in arm else [arm])]
        return {"anyOf": widened if _FROM_ENVIRONMENT in widened else [*widened, _FROM_ENVIRONMENT]}
    if node.get("type") == "array":
        items = _widen(node["items"])
        alone = [] if items == {"$ref": "#/$defs/RouteSettings"} else _arms(items)
        return {"anyOf": [node | {"items": items}, *alone]}
    if "patternProperties" in node:
        inner = {pattern: _widen(member) for pattern, member in node["patternProperties"].items()}
        return node | {"patternProperties": inner, "additionalProperties": False}
    if node.get("type") == "string" and not {"enum", "const", "pattern"} & set(node):
        return node
    return {"anyOf": [node, _FROM_ENVIRONMENT]} if node else node


def _arms(node: Node) -> list[Node]:
    return list(node["anyOf"]) if set(node) == {"anyOf"} else [node]


def patch_schema(model: type[BaseModel], but: tuple[str, ...]) -> Node:
    """The properties of a merge patch of a model's settings: nothing is required, and null takes a setting out."""
    definitions = schema()["$defs"]
    properties = definitions[model.__name__]["properties"]
    return {name: _patch(node, definitions) for name, node in properties.items() if name not in (*but, "preset")}


def _patch(node: Any, definitions: Node, whole: bool = False) -> Any:
    """Without references and the environment's spelling. whole: it stands in a list, and is replaced whole."""
    if isinstance(node, list):
        return [_patch(arm, definitions, whole) for arm in node if arm != _FROM_ENVIRONMENT]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return _patch(definitions[node["$ref"].rpartition("/")[2]], definitions, whole) | rest
    made = {}
    for key, value in node.items():
        if key == "required" and not whole:
            continue
        made[key] = _patch(value, definitions, whole or key == "items") if key not in ("default", "enum") else value
    if set(made) >= {"type", "properties"} and not whole:
        for name, member in made["properties"].items():
            if {"type": "null"} not in member.get("anyOf", [{"type": "null"}]):
                member["anyOf"].append({"type": "null"})
            made["properties"][name] = member
    return made
