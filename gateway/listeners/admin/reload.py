"""/admin/reload: the file's settings in force, or what that would change."""

import asyncio
from typing import Any

from pydantic import BaseModel, Field

from gateway.config.shown import differences, shown
from gateway.listeners.admin.operation import Call, Nothing, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.model.errors import ConfigError
from gateway.model.settings.base import Frozen


class Difference(BaseModel):
    """One setting."""

    path: str
    before: Any = Field(description="secrets are masked; none: not stated")
    after: Any


class Reloaded(BaseModel):
    """What is different in the file."""

    applied: bool = Field(description="false: it was only asked what would change")
    changes: list[Difference]
    restart: list[str] = Field(description="settings that differ, and need a restart")


class Dry(Frozen):
    """Whether to apply it."""

    dry_run: bool = Field(default=False, description="only say what would change")


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    async def reload(call: Call) -> Reloaded:
        before = parts.stated()
        try:
            after = await asyncio.to_thread(parts.load)
        except ConfigError as exc:
            wrong = [Wrong(detail=problem) for problem in exc.problems]
            raise Refused(409, "the file is wrong; the settings stay as they are", wrong) from None
        changes = [Difference(path=p, before=b, after=a) for p, b, a in differences(shown(before), shown(after))]
        restart = [name for name in parts.fixed if getattr(before, name) != getattr(after, name)]
        call.after = {change.path: [change.before, change.after] for change in changes}
        if not call.query.dry_run:
            parts.reload()
        return Reloaded(applied=not call.query.dry_run, changes=changes, restart=restart)

    async def config(_: Call) -> Config:
        return Config(settings=shown(parts.settings()))

    return [
        Operation("GET", "/admin/config", "The settings in force, secrets masked", config, Config),
        Operation(
            "POST", "/admin/reload", "Read the file anew, all of it or nothing", reload, Reloaded, Nothing, Dry,
            refusals={409: "The file is wrong; `errors` says what and where"}, changes=True,
            description="With several workers they take it one after the other, within a second.",
        ),
    ]  # fmt: skip


class Config(BaseModel):
    """All settings as a file would state them."""

    settings: dict[str, Any]
