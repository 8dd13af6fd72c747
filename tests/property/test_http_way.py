"""Whatever clients ask in whatever order, a cache by RFC 9111 tells them nothing that was not so: a model beside it."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.exchange import Exchange
from gateway.model.fields import Fields
from gateway.pipeline.answer import FromEntry, FromRecording, FromReply
from tests.support.pipeline import Rig, read, rigged
from tests.support.says import HTTP, answer
from tests.support.upstream import Asked, ScriptedUpstream, Wire

LANGUAGES = (b"de", b"en")
LIFETIME = 10
SLACK = 1  # lifetimes are rounded down, and ages in whole seconds

READ = st.tuples(
    st.just("read"),
    st.sampled_from(LANGUAGES),
    st.sampled_from(["", "know", "knew", "range", "head", "no-cache"]),
)
STEPS = st.lists(
    READ | st.tuples(st.just("write")) | st.tuples(st.just("change")) | st.tuples(st.just("time"), st.integers(1, 15)),
    max_size=40,
)


class Resource:
    """One with a version, in two languages where it varies; body and tag name it. The cache sees a PUT alone."""

    def __init__(self, varies: bool) -> None:
        self.version, self.varies = 0, varies

    def text(self, version: int, language: bytes) -> bytes:
        return b"%d in %b" % (version, language if self.varies else b"all")

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        if asked.line.startswith(b"PUT"):
            self.version += 1
        body = self.text(self.version, asked.get(b"accept-language") or b"-")
        vary = (b"Vary: Accept-Language",) if self.varies else ()
        fields = (*vary, b"Cache-Control: max-age=%d" % LIFETIME, b'ETag: "%b"' % body)
        if body in (asked.get(b"if-none-match") or b""):
            await wire.send(answer(*fields, status=b"304 Not Modified"))
        elif asked.get(b"range") == b"bytes=0-1":
            part = (*fields, b"Content-Range: bytes 0-1/%d" % len(body))
            await wire.send(answer(*part, body=body[:2], status=b"206 Partial Content"))
        else:
            raw = answer(*fields, body=body)
            await wire.send(raw[: raw.index(b"\r\n\r\n") + 4] if asked.line.startswith(b"HEAD") else raw)


def head_of(got: Any) -> tuple[int, Fields]:
    match got:
        case FromEntry(entry):
            return entry.status, Fields(entry.fields)
        case FromRecording(recording):
            return recording.status, recording.fields
        case FromReply(reply, _):
            return reply.head.status, reply.head.fields
    raise AssertionError(got)


async def ask(rig: Rig, language: bytes, how: str, resource: Resource) -> tuple[Exchange, int, Fields, bytes]:
    known = {"know": resource.version, "knew": resource.version - 1}.get(how)
    more = {
        "range": ((b"Range", b"bytes=0-1"),),
        "no-cache": ((b"Cache-Control", b"no-cache"),),
    }.get(how, ())
    if known is not None:
        more = ((b"If-None-Match", b'"%b"' % resource.text(known, language)),)
    x = rig.exchange(b"/a", b"", (b"Accept-Language", language), *more, method=b"HEAD" if how == "head" else b"GET")
    got = await rig.pipeline.handle(x)
    status, fields = head_of(got)
    return x, status, fields, await read(got)


@given(STEPS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_clients_are_told_was_so_a_lifetime_ago_at_most_and_since_the_last_put(
    steps: list[Any], varies: bool
) -> None:
    async def live() -> None:
        resource = Resource(varies)
        replaced: dict[int, float] = {}
        oldest = 0
        async with ScriptedUpstream(resource) as service, rigged(service.url, HTTP) as rig:
            for step in steps:
                if step[0] == "time":
                    rig.clock.now += step[1]
                elif step[0] == "change":  # behind the cache's back
                    replaced[resource.version] = rig.clock.now
                    resource.version += 1
                elif step[0] == "write":
                    await rig.ask(b"/a", b"", method=b"PUT")
                    oldest = resource.version
                else:
                    _, language, how = step
                    x, status, fields, body = await ask(rig, language, how, resource)
                    tag = fields.get(b"etag") or b""
                    version = int(tag.strip(b'"').split(b" ")[0])
                    whole = resource.text(version, language)
                    assert tag == b'"%b"' % whole
                    assert version >= oldest
                    if how == "no-cache":
                        assert version == resource.version
                    if version < resource.version:
                        assert rig.clock.now - replaced[version] <= LIFETIME + SLACK, (x.outcome, x.reason)
                    expected = {"range": (206, whole[:2]), "head": (200, None)}.get(how, (200, whole))
                    if status == 304:
                        known = resource.version - (how == "knew")
                        assert (how in ("know", "knew"), version) == (True, known)
                    else:
                        assert status == expected[0]
                        assert expected[1] is None or body == expected[1]

    asyncio.run(live())
