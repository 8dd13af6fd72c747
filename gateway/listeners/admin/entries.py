"""/admin/entries: stored answers: listed, looked up, ranked. Their bodies and fields are for operators only."""

import base64
import binascii
from typing import Literal

from pydantic import BaseModel, Field

from gateway.cache.inspect import Held
from gateway.listeners.admin.access import Role
from gateway.listeners.admin.operation import Call, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.listeners.admin.sample import Sample, exchange
from gateway.listeners.admin.views import TopEntry, TopView
from gateway.model.entry import EntryFlag
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.base import Frozen
from gateway.pipeline import explain
from gateway.pipeline.top import Ranked
from gateway.policy import freshness
from gateway.policy.coding import decode

_MOST = 200  # that are ranked

_SHOWN = 1 << 20
"""Bytes of a body that are shown at most."""


class Found(BaseModel):
    """A stored answer, without what it says."""

    key: str
    tier: str
    route: str
    status: int
    state: Literal["fresh", "stale", "stale-if-error", "expired"]
    kind: Literal["answer", "empty", "stream", "vary"] = Field(description="vary: not an answer, but what they vary on")
    media_type: str
    bytes: int = Field(description="of the body, as stored")
    coding: str
    tags: list[str]
    stored_at: float = Field(description="Unix seconds")
    ttl: int = Field(description="seconds of freshness left; negative: stale for so long")
    expires_at: float = Field(description="Unix seconds; of no use to anybody from then on")
    upstream_seconds: float = Field(description="how long it took; what each hit saves")
    version: int = Field(description="of the ledger, when it was asked for")


class Shown(Found):
    """A stored answer, with what it says where an operator asks."""

    fields: list[tuple[str, str]] | None = Field(default=None, description="for operators only")
    body: str | None = Field(default=None, description="for operators only; text, or base64 where it is none")
    encoding: Literal["text", "base64"] | None = None
    cut: bool = Field(default=False, description="the body is longer than what is shown of it")


class Listed(BaseModel):
    """Some entries."""

    entries: list[Found]
    cursor: str | None = Field(description="for the next page; none: that was the last")
    looked: int = Field(description="how many were looked at for this page")


class Everywhere(BaseModel):
    """What each tier has under a key."""

    key: str
    entries: list[Shown]


class TopEntries(BaseModel):
    """By samples of all workers' requests, 20 a second of each at most, which count alike; what is older than ten
    minutes counts for half.
    """

    samples: float
    entries: list[TopEntry]


class Filter(Frozen):
    """Which entries."""

    tier: str = Field(
        default="memory",
        pattern="^[a-z]{1,16}$",
        description="memory (of the worker that serves this API), disk or redis",
    )
    route: str | None = Field(default=None, max_length=64)
    tag: str | None = Field(default=None, max_length=1024, description="a tag; with * at its end: all that begin so")
    cursor: str | None = Field(default=None, max_length=200, description="of the page before")


class Ranking(Frozen):
    """By what."""

    by: Literal["hits", "saved"] = Field(default="hits", description="saved: upstream seconds")
    limit: int = Field(default=20, ge=1, le=_MOST)


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    async def listed(call: Call) -> Listed:
        wanted: Filter = call.query
        if wanted.tier not in parts.inspector.tiers:
            detail = f"expected one of {', '.join(parts.inspector.tiers)}"
            raise Refused(422, detail, [Wrong(parameter="tier", detail=detail)])
        try:
            page = await parts.inspector.page(wanted.tier, _place(wanted.cursor))
        except ValueError:
            raise Refused(422, "no cursor of ours", [Wrong(parameter="cursor", detail="no cursor of ours")]) from None
        except StoreUnavailable as exc:
            raise Refused(503, f"{wanted.tier} cannot say now: {exc}") from None
        now = parts.wall()
        found = [described(held, now) for held in page.held if _wanted(held, wanted)]
        cursor = base64.urlsafe_b64encode(page.place).decode() if page.place else None
        return Listed(entries=found, cursor=cursor, looked=page.looked)

    async def one(call: Call) -> Everywhere:
        return await everywhere(_key(call.path["key"]), call)

    async def lookup(call: Call) -> Everywhere:
        x = exchange(call.body, parts.settings().listen, parts.wall())
        told = await explain.explain(x, parts.pipeline.question(x), parts.inspector)
        if not told.key:
            raise Refused(409, f"this request is not looked up: {told.reason}")
        return await everywhere(told.key, call)

    async def everywhere(key: bytes, call: Call) -> Everywhere:
        try:
            held = await parts.inspector.look(key)
        except StoreUnavailable as exc:
            raise Refused(503, f"the store cannot say now: {exc}") from None
        if not held:
            raise Refused(404, "no entry under this key")
        entries = [_shown(each, parts.wall(), whole=call.caller.role is Role.OPERATOR) for each in held]
        return Everywhere(key=key.hex(), entries=entries)

    async def top(call: Call) -> TopEntries:
        views = parts.views()
        found = together([view.hits if call.query.by == "hits" else view.saved for view in views])
        return TopEntries(samples=sum(view.hits.weight for view in views), entries=found[: call.query.limit])

    away = {503: "The tier cannot say now"}
    missing = {404: "No entry"}
    return [
        Operation(
            "GET", "/admin/entries", "Stored answers of a tier, page by page", listed, Listed, query=Filter,
            refusals=away, description="A page looks at about 200 entries, and may hold none that is wanted. "
            "What is stored or removed between two pages may be missed, or come twice.",
        ),
        Operation("GET", "/admin/entries/top", "The answers asked for most", top, TopEntries, query=Ranking),
        Operation("GET", "/admin/entries/{key}", "One stored answer", one, Everywhere, refusals=away | missing),
        Operation(
            "POST", "/admin/entries/lookup", "The stored answer to a request", lookup, Everywhere, Sample,
            refusals=away | missing | {409: "Such a request is not looked up"},
        ),
    ]  # fmt: skip


def _place(cursor: str | None) -> bytes:
    try:
        return base64.b64decode(cursor or "", b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("no cursor") from None


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Refused(404, "no entry under this key: keys are 64 hexadecimal digits")
    return key


def _wanted(held: Held, wanted: Filter) -> bool:
    if wanted.route is not None and held.entry.route != wanted.route:
        return False
    if wanted.tag is None:
        return True
    if wanted.tag.endswith("*"):
        return any(tag.startswith(wanted.tag[:-1]) for tag in held.entry.tags)
    return wanted.tag in held.entry.tags


def described(held: Held, now: float) -> Found:
    """An entry as of now (Unix seconds), without what it says."""
    return Found(**_about(held, now))


def _about(held: Held, now: float) -> dict[str, object]:
    entry = held.entry
    kind = "vary" if entry.flags & EntryFlag.VARY else "empty" if entry.flags & EntryFlag.EMPTY else "answer"
    if kind == "answer" and entry.flags & EntryFlag.STREAM:
        kind = "stream"
    media = next((value for name, value in entry.fields if name.lower() == b"content-type"), b"")
    return {
        "key": held.key.hex(),
        "tier": held.tier,
        "route": entry.route,
        "status": entry.status,
        "state": _STATES[freshness.classify(entry, now)],
        "kind": kind,
        "media_type": _text(media),
        "bytes": len(entry.body),
        "coding": _text(entry.coding),
        "tags": list(entry.tags),
        "stored_at": entry.stored_at,
        "ttl": freshness.ttl(entry, now),
        "expires_at": entry.expires_at,
        "upstream_seconds": entry.upstream_seconds,
        "version": entry.version,
    }


_STATES = {
    freshness.Verdict.FRESH: "fresh",
    freshness.Verdict.STALE_REVALIDATE: "stale",
    freshness.Verdict.STALE_ERROR: "stale-if-error",
    freshness.Verdict.EXPIRED: "expired",
}


def _shown(held: Held, now: float, *, whole: bool) -> Shown:
    about = _about(held, now)
    if not whole:
        return Shown(**about)
    entry = held.entry
    body = decode(entry.body, entry.coding, _SHOWN) if entry.coding else entry.body
    body = entry.body if body is None else body
    said = body[:_SHOWN]
    try:
        text, encoding = said.decode(), "text"
    except UnicodeDecodeError:
        text, encoding = base64.b64encode(said).decode(), "base64"
    fields = [(_text(name), _text(value)) for name, value in entry.fields]
    return Shown(**about, fields=fields, body=text, encoding=encoding, cut=len(body) > _SHOWN)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def ranked(parts: Parts, by: Literal["hits", "saved"]) -> TopView:
    """Of this worker's requests."""
    top = parts.top
    found, weight = (top.by_hits, top.samples) if by == "hits" else (top.by_saved, top.saved)
    return TopView(weight=weight, entries=[_top(each) for each in found(_MOST)])


def _top(ranked: Ranked) -> TopEntry:
    one = ranked.one
    return TopEntry(key=one.key.hex(), route=one.route, path=one.path, share=ranked.share)


def together(views: list[TopView]) -> list[TopEntry]:
    """Several workers' as one, the most first."""
    weight = sum(view.weight for view in views)
    shares: dict[str, float] = {}
    entries: dict[str, TopEntry] = {}
    for view in views:
        for entry in view.entries:
            shares[entry.key] = shares.get(entry.key, 0.0) + entry.share * view.weight / weight
            entries.setdefault(entry.key, entry)
    order = sorted(entries, key=lambda key: -shares[key])
    return [entries[key].model_copy(update={"share": shares[key]}) for key in order]
