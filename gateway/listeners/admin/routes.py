"""/admin/routes: the policy of each route as it is in force, and changes of it at run time, for a while or for good."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from gateway.config.overrides import FIXED, PatchError, patched
from gateway.config.presets import merge
from gateway.config.shown import differences, shown
from gateway.control.control import Confirmation, Override
from gateway.listeners.admin.fleet import MemberState, state
from gateway.listeners.admin.operation import JSON, MERGE_PATCH, Answered, Call, Operation, pointer
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.model.errors import ConfigError, StoreUnavailable
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings
from gateway.model.units import Duration

_OWN = frozenset({"for", "reason"})


class Patch(BaseModel):
    """What is to differ from the file: settings of the route, as they stand there; null: as by default."""

    model_config = ConfigDict(extra="allow")

    for_: Duration | None = Field(default=None, alias="for", description="then it reverts; none: for good")
    reason: str = Field(default="", max_length=500, description="for those who look at it later")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        from gateway.config.schema import patch_schema  # for those who ask for the document, and few workers are

        made = handler.resolve_ref_schema(handler(core))
        policy = patch_schema(RouteSettings, but=FIXED)
        made["properties"] = {**policy, **made["properties"]}
        made["additionalProperties"] = False
        return made


class OverrideState(BaseModel):
    """What stands over a route's settings in the file."""

    route: str
    patch: dict[str, Any]
    until: float | None = Field(description="Unix seconds; none: for good")
    reason: str
    who: str
    at: float = Field(description="Unix seconds")


class Overrides(BaseModel):
    """All of them."""

    version: int = Field(description="of the ledger")
    overrides: list[OverrideState]


class Overridden(BaseModel):
    """A setting that is not as in the file."""

    path: str
    file: Any
    effective: Any


class RouteState(BaseModel):
    """A route's policy as it is in force in the worker that serves this API."""

    name: str
    upstream: str
    mode: str
    policy: dict[str, Any] = Field(description="all settings, as a file would state them")
    overridden: list[Overridden]
    override: OverrideState | None
    version: int = Field(description="of the ledger")
    missing: list[MemberState] = Field(
        default=[], description="after a change: who has not acknowledged it yet; they do as soon as they hear of it"
    )


class RouteLine(BaseModel):
    """A route in short."""

    name: str
    upstream: str
    mode: str
    ttl: str
    match: dict[str, Any]
    overridden: bool
    until: float | None


class Routes(BaseModel):
    """In the order in which they are tried."""

    routes: list[RouteLine]


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    def overrides() -> Mapping[str, Override]:
        return {name: one for name, one in parts.control.overrides.items() if _route(parts.settings(), name)}

    async def listed(_: Call) -> Routes:
        over = overrides()
        return Routes(routes=[_line(route, over.get(route.name)) for route in parts.settings().routes])

    def told(name: str, confirmation: Confirmation | None = None) -> Answered:
        override = overrides().get(name)
        stated, effective = _route(parts.stated(), name), _route(parts.settings(), name)
        if stated is None or effective is None:
            raise Refused(404, f"no route of this name; there are {', '.join(r.name for r in parts.settings().routes)}")
        changed = differences(shown(stated), shown(effective))
        missing = [] if confirmation is None else [state(m, confirmation.version) for m in confirmation.missing]
        body = RouteState(
            name=name, upstream=effective.upstream, mode=effective.cache.mode, policy=shown(effective),
            overridden=[Overridden(path=path, file=before, effective=after) for path, before, after in changed],
            override=_override(override) if override else None, version=parts.control.version, missing=missing,
        )  # fmt: skip
        return Answered(body, 202 if missing else 200, {"ETag": _etag(body)})

    async def one(call: Call) -> Answered:
        return told(call.path["name"])

    def unless_changed(call: Call, name: str) -> None:
        """Refused where somebody has changed it since the caller looked (RFC 9110 section 13.1.1)."""
        before = told(name)
        assert isinstance(before.body, RouteState)
        wanted = call.fields.get("If-Match")
        if wanted not in (None, "*", before.headers["ETag"]):
            raise Refused(412, "somebody has changed this route meanwhile; look at it, and ask again")
        call.before = [each.model_dump() for each in before.body.overridden]

    async def change(
        call: Call, name: str, make: Callable[[], Mapping[str, Any] | None], until: float | None, why: str
    ) -> Answered:
        """make: the patch, out of what is in force when no other change can come between."""
        told(name)
        try:
            confirmation = await parts.control.override(name, make, until, why, call.caller.name)
        except PatchError as exc:
            wrong = [Wrong(pointer=pointer(path), detail=text) for path, text in exc.wrong]
            raise Refused(422, "the route would not work so", wrong) from None
        except ConfigError as exc:
            raise Refused(422, "the route would not work so", [Wrong(detail=text) for text in exc.problems]) from None
        except StoreUnavailable as exc:
            raise Refused(503, f"the ledger is away, and nothing was changed: {exc}") from None
        after = told(name, confirmation)
        assert isinstance(after.body, RouteState)
        call.after = [each.model_dump() for each in after.body.overridden]
        return after

    async def alter(call: Call) -> Answered:
        name, until = call.path["name"], None
        if call.body.for_ is not None:
            if call.body.for_ <= 0:
                raise Refused(422, "a time-box in the past", [Wrong(pointer="/for", detail="expected more than 0")])
            until = parts.wall() + call.body.for_

        def make() -> Mapping[str, Any]:
            unless_changed(call, name)
            before = overrides().get(name)
            patch: Mapping[str, Any] = merge(before.patch if before else {}, dict(call.body.model_extra or {}))
            patched(parts.stated(), name, patch)
            return patch

        return await change(call, name, make, until, call.body.reason)

    async def revert(call: Call) -> Answered:
        return await change(call, call.path["name"], lambda: unless_changed(call, call.path["name"]), None, "reverted")

    async def all_overrides(_: Call) -> Overrides:
        return Overrides(version=parts.control.version, overrides=[_override(one) for one in overrides().values()])

    missing = {404: "No such route"}
    refusals = missing | {412: "If-Match: somebody has changed it", 503: "The ledger is away; nothing was changed"}
    return [
        Operation("GET", "/admin/routes", "All routes", listed, Routes),
        Operation("GET", "/admin/routes/{name}", "A route's policy as it is in force", one, RouteState,
                  refusals=missing),
        Operation(
            "PATCH", "/admin/routes/{name}", "Change a route's policy at run time", alter, RouteState, Patch,
            statuses=(200, 202), refusals=refusals, changes=True, media=(JSON, MERGE_PATCH),
            description="A merge patch (RFC 7396) of the route's settings, over those that are in force already; `for` "
            "is for all of them. It is kept over restarts and holds in every worker and replica.",
        ),
        Operation("DELETE", "/admin/routes/{name}/override", "Revert a route to what the file says", revert,
                  RouteState, statuses=(200, 202), refusals=refusals, changes=True),
        Operation("GET", "/admin/overrides", "All that differs from the file", all_overrides, Overrides),
    ]  # fmt: skip


def _route(settings: Settings, name: str) -> RouteSettings | None:
    return next((route for route in settings.routes if route.name == name), None)


def _line(route: RouteSettings, override: Override | None) -> RouteLine:
    plain = shown(route)
    return RouteLine(
        name=route.name,
        upstream=route.upstream,
        mode=route.cache.mode,
        ttl=plain["cache"]["ttl"],
        match=plain["match"],
        overridden=override is not None,
        until=override.until if override is not None else None,
    )


def _override(one: Override) -> OverrideState:
    return OverrideState(
        route=one.route, patch=dict(one.patch), until=one.until, reason=one.reason, who=one.who, at=one.at
    )


def _etag(state: RouteState) -> str:
    """Of what is in force and why, not of who has acknowledged it."""
    said = [state.policy, state.override.model_dump() if state.override else None]
    return f'"{sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]}"'
