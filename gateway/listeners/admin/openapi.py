"""OpenAPI: the API as a document (OpenAPI 3.1), made from the operations themselves and the models that they read."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.listeners.admin.operation import JSON, Operation
from gateway.listeners.admin.problem import Problem

Node = dict[str, Any]
_REFS = "#/components/schemas/{model}"
_VARIABLE = re.compile(r"\{(\w+)\}")
_ANY = {400: "The request cannot be read", 401: "No token, or one that is not known", 403: "Not for this caller"}
_WITH_BODY = {413: "The body is too large", 415: "Another Content-Type was expected"}
_UNFIT = {422: "What was sent does not fit; `errors` says what, and where it stands"}


def document(operations: Sequence[Operation], version: str) -> Node:
    """The document. version: the gateway's."""
    models = {Problem} | {op.answer for op in operations} | {op.query for op in operations}
    models |= {op.body for op in operations if op.body is not None}
    ordered = sorted(models, key=lambda model: model.__name__)
    refs, made = models_json_schema([(model, "validation") for model in ordered], ref_template=_REFS)
    schemas = made.get("$defs", {})
    paths: dict[str, Node] = {}
    for op in operations:
        queried = refs[op.query, "validation"]["$ref"].rpartition("/")[2]
        paths.setdefault(op.path, {})[op.method.lower()] = _operation(op, schemas[queried])
    for model in {op.query for op in operations} - {op.body for op in operations}:
        schemas.pop(refs[model, "validation"]["$ref"].rpartition("/")[2], None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ragfront",
            "version": version,
            "description": "The admin API of ragfront. Every change is checked whole before it applies, can be "
            "repeated without harm, is answered with what is in force then, and stands in the audit.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}, {}],
    }


def _operation(op: Operation, query: Node) -> Node:
    told = " ".join(filter(None, (op.description, "For operators." if op.changes else "")))
    refusals = {**_ANY, **(_WITH_BODY if op.has_body else {}), **_UNFIT, **op.refusals}
    node: Node = {
        "operationId": _name(op),
        "summary": op.summary,
        "tags": [op.path.split("/")[2]],
        "parameters": [*_variables(op.path), *_parameters(query)],
        "responses": {str(status): _content("Done", op.answer, JSON) for status in op.statuses}
        | {str(s): _content(why, Problem, "application/problem+json") for s, why in sorted(refusals.items())},
    }
    if told:
        node["description"] = told
    if op.body is not None:
        schema = {"$ref": _REFS.format(model=op.body.__name__)}
        node["requestBody"] = {"required": True, "content": {media: {"schema": schema} for media in op.media}}
    elif op.has_body:
        node["requestBody"] = {"required": True, "content": {op.media[0]: {"schema": {"type": "string"}}}}
    return node


def _name(op: Operation) -> str:
    words = re.findall(r"\w+", op.path.removeprefix("/admin"))
    return "_".join([op.method.lower(), *words])


def _variables(path: str) -> Iterable[Node]:
    for name in _VARIABLE.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _parameters(query: Node) -> Iterable[Node]:
    required = query.get("required", ())
    for name, schema in query.get("properties", {}).items():
        text = schema.pop("description", "")
        yield {"name": name, "in": "query", "required": name in required, "schema": schema, "description": text}


def _content(text: str, model: type[BaseModel], media: str) -> Node:
    return {"description": text, "content": {media: {"schema": {"$ref": _REFS.format(model=model.__name__)}}}}


def routes(operations: Sequence[Operation], version: str) -> list[web.RouteDef]:
    """GET /admin/openapi.json."""

    @cache
    def made() -> bytes:
        """When it is first asked for: most workers never are."""
        return orjson.dumps(document(operations, version))

    async def openapi(_: web.Request) -> web.Response:
        return web.Response(body=made(), content_type=JSON)

    return [web.get("/admin/openapi.json", openapi)]
