"""/admin/purge and /admin/expire: stored answers that may be used no more, here or anywhere, once 200 was answered."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field, RootModel, StringConstraints, model_validator

from gateway.cache.survey import survey
from gateway.control.control import Confirmation, Order
from gateway.listeners.admin.fleet import MemberState, state
from gateway.listeners.admin.operation import Answered, Call, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.listeners.admin.sample import Sample, exchange
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.base import Frozen
from gateway.model.units import Duration
from gateway.pipeline.explain import explain
from gateway.policy.http.keys import parts_key
from gateway.policy.purges import Scope

MOST = 10_000
"""Keys, and tags, of one request: each is a row that every worker remembers."""

LONGEST_WAIT = 60.0

Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
"""Of any characters: what stands in an answer's JSON, such as a document's title, makes tags with spaces."""


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
    dry_run: bool = Field(default=False, description="only say what it would take; nothing is changed")

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


class Would(BaseModel):
    """What it would take now: answers that are of use still."""

    entries: int = Field(description="keys; one that several tiers hold counts once")
    complete: bool = Field(
        description="false: there may be more, as not all could be looked at (100,000 records, 3 s), or since a key "
        "leads to variants"
    )
    tiers: dict[str, int] = Field(description="how many each holds; memory: of the worker that serves this API")


class DryRun(BaseModel):
    """Of a dry run."""

    would: Would


class Done(RootModel[Purged | DryRun]):
    """What has come of it, or would."""


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    async def give(call: Call, expire: bool) -> Answered:
        orders = list(_orders(call.body, parts, expire))
        call.after = {"orders": len(orders), "first": [[o.scope.value, o.value] for o in orders[:20]]}
        if call.body.dry_run:
            call.after["dry_run"] = True
            return Answered(await _dry_run(call.body, parts, orders))
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
    told = (
        "200: no worker and no replica serves what was purged. 202: those in `missing` may, until they hear of it. "
        "With `dry_run` it only says how many answers it would take."
    )
    return [
        Operation(
            "POST", "/admin/purge", "Remove stored answers", purge, Done, Orders,
            statuses=(200, 202), refusals=refusals, changes=True, description=told,
        ),
        Operation(
            "POST", "/admin/expire", "Make stored answers stale: still good where there is none other",
            expire, Done, Orders, statuses=(200, 202), refusals=refusals, changes=True, description=told,
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


async def _dry_run(body: Orders, parts: Parts, orders: list[Order]) -> DryRun:
    if body.request is not None:  # beside its key, that of the variant which its client gets, and of its parts
        x = exchange(body.request, parts.settings().listen, parts.wall())
        told = await explain(x, parts.pipeline.question(x), parts.inspector)
        keys = (told.key or told.primary, parts_key(told.primary))
        orders = [*orders, *(Order(Scope.KEY, key.hex()) for key in keys)]
    taken = await survey(parts.inspector, orders, parts.wall())
    alone = parts.workers == 1 or len(parts.inspector.tiers) > 1  # else others hold what nobody here can see
    return DryRun(would=Would(entries=taken.entries, complete=taken.complete and alone, tiers=taken.tiers))


def _answered(confirmation: Confirmation, orders: int) -> Answered:
    missing = [state(member, confirmation.version) for member in confirmation.missing]
    body = Purged(version=confirmation.version, orders=orders, confirmed=not missing, missing=missing)
    return Answered(body, 202 if missing else 200)
