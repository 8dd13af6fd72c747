"""What is not in a key must not reach whoever makes the answer, or the first who asks decides what everybody gets.

1 somebody asks for `/a` in another spelling of its URI, or with a field that no key has; 2 the service, which tells the
spellings apart or builds links with the field, answers as nobody else would want; 3 that stood under the key of `/a`.
"""

import pytest

from tests.support.gateway import once
from tests.support.http_front import Front, front
from tests.support.origin import said
from tests.support.upstream import Asked, Wire

FRESH = "Cache-Control: max-age=60"


async def literal(asked: Asked, wire: Wire) -> None:
    """A service that knows `gw` and `/x/ab` in this spelling alone, and repeats what it is told of the way."""
    known = asked.line.startswith(b"GET /x/ab ") and asked.get(b"host") == b"gw"
    hints = b"".join(asked.get(name) or b"" for name in (b"x-forwarded-prefix", b"x-host"))
    await wire.send(said("200 OK" if known else "404 Not Found", FRESH, body=b"good" + hints if known else b"evil"))


async def asks(at: Front, target: str, *fields: str) -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return (await once(at.gateway.port, f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode()))[1]


@pytest.mark.parametrize("host", ["GW", "gw:80", "gw:", "gw:0080"])
async def test_a_host_in_another_spelling(host: str):
    async with front() as at:
        at.origin.answers("*", literal)
        first = await asks(at, "/x/ab", f"Host: {host}")
        assert (first, await asks(at, "/x/ab", "Host: gw")) == (b"good", b"good")


@pytest.mark.parametrize("target", ["/%78/ab", "/x/%61%62", "http://GW:80/x/ab"])
async def test_a_target_in_another_spelling(target: str):
    async with front() as at:
        at.origin.answers("*", literal)
        first = await asks(at, target, "Host: gw")
        assert (first, await asks(at, "/x/ab", "Host: gw")) == (b"good", b"good")


@pytest.mark.parametrize("field", ["X-Forwarded-Prefix: /evil", "X-Host: evil", "x-forwarded-prefix: /evil"])
async def test_a_field_of_which_services_build_links(field: str):
    async with front() as at:
        at.origin.answers("*", literal)
        assert await asks(at, "/x/ab", "Host: gw", field) == b"good"


async def test_a_peer_that_is_trusted_may_tell_of_the_way():
    async with front(forwarding={"trusted": ["127.0.0.1"]}) as at:
        at.origin.answers("*", literal)
        assert await asks(at, "/x/ab", "Host: gw", "X-Forwarded-Prefix: /app") == b"good/app"


async def test_a_field_that_the_route_has_in_its_key_goes_on():
    async with front(route={"key": {"headers": ["x-host"]}}) as at:
        at.origin.answers("*", literal)
        assert await asks(at, "/x/ab", "Host: gw", "X-Host: a") == b"gooda"
        assert await asks(at, "/x/ab", "Host: gw") == b"good"


@pytest.mark.parametrize("told", ["X-Forwarded-Host: gw/x", "X-Forwarded-Proto: http://gw/x?"])
async def test_a_host_that_is_none_does_not_reach_into_the_paths_of_another(told: str):
    async with front(forwarding={"trusted": ["127.0.0.1"]}) as at:
        at.origin.answers("*", literal)
        assert await asks(at, "/ab", "Host: gw", told) == b"evil"
        assert await asks(at, "/x/ab", "Host: gw", "X-Forwarded-Host: gw") == b"good"
