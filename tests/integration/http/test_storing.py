"""Storing (RFC 9111 section 3), over sockets: what comes back from the cache, and what must not."""

from tests.support.gateway import Client, running, settings
from tests.support.origin import HTTP, Clock, Origin, ask, said


async def test_section_3_a_fresh_answer_to_get_is_stored():
    clock = Clock()
    async with (
        Origin() as origin,
        running(settings(origin.url, HTTP), clock) as gateway,
        Client(gateway.port) as client,
    ):
        origin.answers("/a", said("200 OK", "Cache-Control: max-age=60"))
        first = await ask(client, "GET", "/a")
        clock.passes(59)
        again = await ask(client, "GET", "/a")
    assert first.cache_status == "ragfront; fwd=uri-miss; stored"
    assert again.cache_status == "ragfront; hit; ttl=0"  # a request takes its time, and ttl is rounded down
    assert again.get("Age") == "59"
    assert again.body == first.body == b"body"
    assert len(origin.requests("/a")) == 1
