"""Kinds: what the settings' types say at each path. The walks over raw data are led by them."""

from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.config.places import Path


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Fields by the name that stands in the file (`is`, not `is_`)."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def bare(kind: Any) -> Any:
    """The type itself, without `| None` and without what Annotated adds."""
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    if get_origin(kind) in (Union, UnionType):
        rest = [arg for arg in get_args(kind) if arg is not NoneType]
        return bare(rest[0]) if len(rest) == 1 else kind
    return kind


def members(kind: Any) -> Any:
    """The type of the members of a list or mapping type, else None."""
    kind = bare(kind)
    if get_origin(kind) in (Union, UnionType):
        return next((found for arg in get_args(kind) if (found := members(arg)) is not None), None)
    if get_origin(kind) is tuple:
        return get_args(kind)[0]
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    return None


def field_at(model: type[BaseModel], path: Path) -> FieldInfo | None:
    """The field that a path names, or the one that holds the list or mapping that the path leads into."""
    kind, info = bare(model), None
    for part in path:
        if is_model(kind):
            info = fields(kind).get(str(part))
            kind = bare(info.annotation) if info else None
        else:
            kind = bare(members(kind))
    return info


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that stands at a path, or None."""
    kind: Any = model
    for part in path:
        if is_model(kind):
            info = fields(kind).get(str(part))
            kind = bare(info.annotation) if info else None
        else:
            kind = bare(members(kind))
    return kind if is_model(kind) else None
