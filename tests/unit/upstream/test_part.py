"""Part: a reply that is all there, with the fields that are true of it."""

from gateway.model.fields import Fields
from gateway.upstream.part import PartReply, part_of
from gateway.wire.head import ResponseHead
from tests.support.talk import body_of, call, upstream_of
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def test_a_part_is_whole_and_read_once():
    head = ResponseHead(200, b"OK", (1, 1), Fields())
    part = PartReply("rag", head, b"[1]", whole=True, trailers=Fields())
    assert (part.length, part.whole, part.upgraded, len(part.trailers)) == (3, True, False, 0)
    assert await body_of(part) == b"[1]"
    assert await part.read() == b""
    part.close()


async def test_what_is_about_the_whole_is_not_said_of_a_part():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"[1,2]", b"ETag: e", b"X-Model: m", b"Cache-Control: max-age=9", b"Content-MD5: x")

    async with ScriptedUpstream(answer) as service, upstream_of(service.url) as (upstream, _):
        reply = await upstream.fetch(call())
        assert await body_of(reply) == b"[1,2]"
        part = part_of(reply, b"[1]")
        names = {name.lower() for name, _ in part.head.fields}
        assert names == {b"content-type", b"x-model", b"cache-control", b"content-length"}
        assert part.head.fields.get(b"content-length") == b"3"
        assert (part.upstream, part.whole) == ("rag", True)
