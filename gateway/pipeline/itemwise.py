"""Itemwise: a request about a list of items, answered from the answers to each of them.

Each item goes the way of a request about it alone, under that request's key, so that lists and single calls serve each
other, and one call per item is under way at a time. What has to be asked of the upstream travels in one call (see
`upstream/batch`). Where the answers cannot be had or do not go together, the list is asked as it came.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.model.entry import Entry, head
from gateway.model.errors import UpstreamError
from gateway.model.exchange import Exchange, Request
from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Outcome, Reason
from gateway.model.party import Party, Seat
from gateway.pipeline.answer import Answer, FromEntry, FromRecording, FromReply, Problem
from gateway.pipeline.plan import Batching, Rule
from gateway.pipeline.question import Question
from gateway.pipeline.recording import Recording
from gateway.policy import freshness
from gateway.policy.coding import decode
from gateway.policy.document import Document, dump
from gateway.policy.items import Listed
from gateway.upstream.batch import sealed
from gateway.upstream.part import about_parts

_AT_ONCE = 64  # items that are looked up before others get their turn
_MOST_BYTES = 8 << 20  # of what a request says beside its items, and each item's request would say again
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"trailer", b"expect"})
# Such an answer to one item is about the service or the caller: the list would get it, too.
_FOR_ALL = frozenset({401, 402, 403, 407, 429, 502, 503, 504})


@dataclass(slots=True, frozen=True)
class Ways:
    """What the pipeline does for one request, by its question (key, document); and for a list that stays whole."""

    question: Callable[[bytes, Document], Question]
    recall: Callable[[Exchange, Question], Entry | None]
    handle: Callable[[Exchange, Question], Awaitable[Answer]]
    given_up: Callable[[bytes], Reason | None]
    whole: Callable[[Reason], Awaitable[Answer]]


@dataclass(slots=True)
class _Item:
    """One item of a list. entry: what a tier had. body: its answer's, None until it is known to be a good one."""

    x: Exchange
    question: Question
    entry: Entry | None = None
    answer: Answer | None = None
    body: bytes | None = None


def listed(rule: Rule, x: Exchange, document: Document) -> tuple[Any, Listed] | None:
    """The request as JSON, and the list of items in it; None where it goes the way of all others."""
    batching = rule.batching
    if batching is None or x.request.method != b"POST":
        return None
    read = batching.items.read(document)
    if not isinstance(read, Listed) or len(read.items) > rule.route.batch.max_list or sealed(x.request.fields.pairs):
        return None
    if len(read.items) * len(batching.items.besides(document.value)) > _MOST_BYTES:
        return None
    return (document.value, read) if batching.gathering.works(x.request.path, document.value) else None


async def answer(x: Exchange, rule: Rule, value: Any, asked: Listed, ways: Ways) -> Answer:
    """Answer a request about `asked`, which stands in `value`. What happened stands in `x`."""
    batching = rule.batching
    assert batching is not None
    spelled = [dump(item) for item in asked.items]
    items = await _look(x, rule, batching, value, dict(zip(spelled, asked.items, strict=True)), ways)
    missing = [item for item in items.values() if item.entry is None]
    for item in missing:
        if (reason := ways.given_up(item.question.key)) is not None:  # alone, each would be asked for itself
            return await ways.whole(reason)
    x.items = len(spelled)
    await _ask(missing, ways)
    limit = rule.route.cache.max_body
    for item in items.values():
        item.body = await _body(item, limit)
    bad = next((item for item in items.values() if item.body is None), None)
    if bad is not None:
        return _told(x, bad) or await ways.whole(Reason.ITEMS_APART)
    body = batching.parts.together([items[spelling].body or b"" for spelling in spelled])
    if body is None:
        return await ways.whole(Reason.ITEMS_APART)
    return _together(x, [items[spelling] for spelling in spelled], body)


async def _look(
    x: Exchange, rule: Rule, batching: Batching, value: Any, items: dict[bytes, Any], ways: Ways
) -> dict[bytes, _Item]:
    """The different items by their spelling, with what can be had for them at once."""
    found: dict[bytes, _Item] = {}
    for number, (spelling, item) in enumerate(items.items(), 1):
        asked = batching.items.about_one(value, item)
        question = ways.question(rule.keyer.key(x.request, asked.canonical, asked), asked)
        one = Exchange(x.request, x.started, x.now)
        found[spelling] = _Item(one, question, ways.recall(one, question))
        if not number % _AT_ONCE:
            await asyncio.sleep(0)
    return found


async def _ask(missing: Sequence[_Item], ways: Ways) -> None:
    """Everything that is missing, at once. A client that leaves takes nothing with it but its waiting."""
    party = Party(len(missing))

    async def one(item: _Item) -> None:
        seat = Seat(party)
        body = item.question.document.canonical
        request = _resized(item.x.request, len(body))
        item.x = replace(item.x, request=request, body=body, length=len(body), seat=seat)
        try:
            item.answer = await ways.handle(item.x, item.question)
        finally:
            seat.settle()

    async with asyncio.TaskGroup() as group:
        for item in missing:
            group.create_task(one(item))


def _resized(request: Request, length: int) -> Request:
    """The same request with a body of another length."""
    kept = (pair for pair in request.fields.pairs if pair[0].lower() not in _FRAMING)
    return replace(request, fields=Fields((*kept, (b"Content-Length", b"%d" % length))))


async def _body(item: _Item, limit: int) -> bytes | None:
    """The body of the answer to an item, decoded; None where that is not one to put beside others."""
    body: bytes | None
    match item.answer:
        case None:
            assert item.entry is not None
            status, coding, body = item.entry.status, item.entry.coding, item.entry.body
        case FromEntry(entry):
            item.entry = entry
            status, coding, body = entry.status, entry.coding, entry.body
        case FromRecording(recording):
            status, coding = recording.status, recording.fields.joined(b"content-encoding") or b""
            if recording.error is not None or recording.overflown:
                return None
            body = await _read(recording.read())
        case FromReply(reply, prefix):
            status, coding = reply.head.status, reply.head.fields.joined(b"content-encoding") or b""
            try:
                body = await _read(reply.chunks(), prefix)
            finally:
                reply.close()
        case Problem():
            return None
    return decode(body, coding, limit) if status == 200 and body is not None else None


async def _read(pieces: AsyncIterator[bytes], prefix: bytes = b"") -> bytes | None:
    try:
        return prefix + b"".join([piece async for piece in pieces])
    except UpstreamError:
        return None


def _told(x: Exchange, bad: _Item) -> Answer | None:
    """An item's failure that is the whole list's, for this client."""
    answer = bad.answer
    if isinstance(answer, Problem) or (isinstance(answer, FromRecording) and answer.recording.status in _FOR_ALL):
        one = bad.x
        x.outcome, x.reason, x.fwd = one.outcome, one.reason, one.fwd
        x.upstream, x.upstream_seconds = one.upstream, one.upstream_seconds
        return answer
    return None


def _together(x: Exchange, items: Sequence[_Item], body: bytes) -> Answer:
    """The list's answer, and its story: that of the item that was hardest to get."""
    outcomes = {item.x.outcome for item in items}
    x.tier = next((item.x.tier for item in items if item.x.tier not in ("", "memory")), "memory")
    asked = [item for item in items if item.x.outcome in (Outcome.MISS, Outcome.BYPASS, Outcome.COLLAPSED)]
    x.items_cached = len(items) - len(asked)
    if asked:
        _tell_miss(x, items, asked)
        fields = _fields_of(asked[0])
        recording = Recording(200, b"OK", Fields(fields), len(body))  # its length is told when it is delivered
        recording.feed(body)
        recording.finish()
        return FromRecording(recording)
    entries = [item.entry for item in items if item.entry is not None]
    soonest = min(entries, key=lambda entry: entry.fresh_until)
    x.outcome = Outcome.STALE if Outcome.STALE in outcomes else Outcome.HIT
    x.reason = next((item.x.reason for item in items if item.x.reason is not None), None)
    x.ttl = freshness.ttl(soonest, x.now)
    x.saved_seconds = max(entry.upstream_seconds for entry in entries)
    lines = head(soonest.status, soonest.reason, about_parts(soonest.fields))
    return FromEntry(replace(soonest, head=lines, body=body, coding=b""))


def _tell_miss(x: Exchange, items: Sequence[_Item], asked: Sequence[_Item]) -> None:
    called = [item.x for item in asked if item.x.outcome is not Outcome.COLLAPSED]
    x.outcome = Outcome.MISS if called else Outcome.COLLAPSED
    x.collapsed = not called
    x.fwd = "uri-miss" if len(asked) == len(items) else "partial"
    x.stored = all(item.x.stored for item in asked)
    x.reason = next((item.x.reason for item in asked if item.x.reason is not None), None)
    first = max((item.x for item in asked), key=lambda one: one.upstream_seconds)
    x.upstream, x.upstream_seconds, x.tier = first.upstream, first.upstream_seconds, ""


def _fields_of(item: _Item) -> Pairs:
    """The fields of the answer that an item came with."""
    match item.answer:
        case FromRecording(recording):
            fields = recording.fields.pairs
        case FromReply(reply):
            fields = reply.head.fields.pairs
        case _:
            assert item.entry is not None
            fields = item.entry.fields
    return about_parts(fields)
