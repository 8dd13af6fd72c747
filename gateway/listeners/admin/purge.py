"""/admin/purge and /admin/expire: stored answers that may be used no more, here or anywhere, once 200 was answered."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, model_validator

from gateway.control.control import Confirmation, Order
from gateway.listeners.admin.fleet import MemberState, state
from gateway.listeners.admin.operation import Answered, Call, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.listeners.admin.sample import Sample, exchange
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.base import Frozen
from gateway.model.units import Duration
from gateway.policy.purges import Scope

MOST = 10_000
"""Keys, and tags, of one request: each is a row that every worker remembers."""

LONGEST_WAIT = 60.0

Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Tag = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f]+$", max_length=1024)]


class Orders(Frozen):
    """What is meant: at least one of these, and all that are stated."""

    all: Literal[True] | None = Field(default=None, description="everything")
    route: str | None = Field(default=None, min_length=1, max_length=64, description="all answers of a route")
    keys: list[Key] = Field(default=[], max_length=MOST, description="answers by their keys, with all their variants")
    tags: list[Tag] = Field(
        default=[],
        max_length=MOST,
        description="answers by a surrogate key; one that ends in * means all that begin so",
    )
    request: Sample | None = Field(default=None, description="the answer to this request, with all its variants")
    wait: Duration | None = Field(default=None, description="for all to confirm; 1m at most; none: as configured")

    @model_validator(mode="after")
    def _says_something(self) -> "Orders":
        if not (self.all or self.route or self.keys or self.tags or self.request):
            raise ValueError("expected one of all, route, keys, tags, request")
        if self.wait is not None and self.wait > LONGEST_WAIT:
            raise ValueError("expected wait of 1m at most")
        return self


class Purged(BaseModel):
    """What has come of it."""

    version: int = Field(description="of the ledger; what was asked for before it is not served")
    orders: int
    confirmed: bool = Field(description="every worker and replica has acknowledged it")
    missing: list[MemberState] = Field(description="who has not yet; they do as soon as they hear of it")


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    async def give(call: Call, expire: bool) -> Answered:
        orders = list(_orders(call.body, parts, expire))
        call.after = {"orders": len(orders), "first": [[o.scope.value, o.value] for o in orders[:20]]}
        try:
            confirmation = await parts.control.purge(orders, call.body.wait)
        except StoreUnavailable as exc:
            raise Refused(503, f"the ledger is away, and nothing was purged: {exc}") from None
        call.after["version"] = confirmation.version
        return _answered(confirmation, len(orders))

    async def purge(call: Call) -> Answered:
        return await give(call, expire=False)

    async def expire(call: Call) -> Answered:
        return await give(call, expire=True)

    refusals = {409: "Such a request is not looked up", 503: "The ledger is away; nothing was purged"}
    told = "200: no worker and no replica serves what was purged. 202: those in `missing` may, until they hear of it."
    return [
        Operation(
            "POST", "/admin/purge", "Remove stored answers", purge, Purged, Orders,
            statuses=(200, 202), refusals=refusals, changes=True, description=told,
        ),
        Operation(
            "POST", "/admin/expire", "Make stored answers stale: still good where there is none other",
            expire, Purged, Orders, statuses=(200, 202), refusals=refusals, changes=True, description=told,
        ),
    ]  # fmt: skip


def _orders(body: Orders, parts: Parts, expire: bool) -> Iterator[Order]:
    if body.all:
        yield Order(Scope.ALL, "", expire)
    if body.route is not None:
        names = [route.name for route in parts.settings().routes]
        if body.route not in names:
            detail = f"no route of this name; there are {', '.join(names) or 'none'}"
            raise Refused(422, detail, [Wrong(pointer="/route", detail=detail)])
        yield Order(Scope.ROUTE, body.route, expire)
    for key in body.keys:
        yield Order(Scope.KEY, key, expire)
    for tag in body.tags:
        yield Order(Scope.TAG, tag, expire)
    if body.request is not None:
        question = parts.pipeline.question(exchange(body.request, parts.settings().listen, parts.wall()))
        if not question.key:
            raise Refused(409, f"this request is not looked up: {question.bypass}")
        yield Order(Scope.KEY, question.key.hex(), expire)


def _answered(confirmation: Confirmation, orders: int) -> Answered:
    missing = [state(member, confirmation.version) for member in confirmation.missing]
    body = Purged(version=confirmation.version, orders=orders, confirmed=not missing, missing=missing)
    return Answered(body, 202 if missing else 200)
