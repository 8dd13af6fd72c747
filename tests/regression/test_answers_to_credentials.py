"""What an answer says to one who bears credentials is his alone, unless it says that it is for all (RFC 9111 3.5).

1 an answer is stored for everybody; 2 somebody with credentials asks for its head, or has it validated; 3 what that
answer said to him stood among the fields that everybody got.
"""

import pytest

from tests.support.http_cache import http_cache
from tests.support.origin import said
from tests.support.upstream import Asked, Wire

BORNE = ["Authorization: alice", "Cookie: alice", "X-Api-Key: alice"]


def known(asked: Asked) -> bytes:
    return b"".join(asked.get(name) or b"" for name in (b"authorization", b"cookie", b"x-api-key"))


async def greets(asked: Asked, wire: Wire) -> None:
    """A public answer; to those whom it knows, one with their name."""
    who = known(asked)
    control = "Cache-Control: max-age=60" if who else "Cache-Control: public, max-age=1"
    fields = ['ETag: "1"', control, *([f"X-Account: {who.decode()}"] if who else [])]
    if asked.get(b"if-none-match"):
        await wire.send(said("304 Not Modified", *fields, body=None))
        return
    data = said("200 OK", *fields)
    await wire.send(data[: -len(b"body")] if asked.line.startswith(b"HEAD") else data)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("borne", BORNE)
async def test_what_validates_for_one_is_not_told_to_others(method: str, borne: str):
    async with http_cache() as cache:
        cache.origin.answers("/a", greets)
        await cache.get("/a")
        cache.front.passes(5)
        one = await cache.get("/a", borne, method=method)
        anybody = await cache.get("/a")
    assert one.get("X-Account") == "alice"
    assert anybody.get("X-Account") is None


@pytest.mark.parametrize("borne", BORNE[1:])
async def test_must_revalidate_does_not_make_one_persons_page_everybodys(borne: str):
    async def page(asked: Asked, wire: Wire) -> None:
        await wire.send(said("200 OK", "Cache-Control: max-age=60, must-revalidate", body=known(asked) or b"nobody"))

    async with http_cache() as cache:
        cache.origin.answers("/a", page)
        assert (await cache.get("/a", borne)).body == b"alice"
        assert (await cache.get("/a")).body == b"nobody"
