"""Upload: a body goes out as it comes; see test_fetch.py for its place in a call."""

import asyncio

import pytest

from gateway.model.errors import UpstreamReset
from gateway.upstream.upload import Upload
from tests.support.talk import call


class Transport:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closing = False

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        self.sent.append(data)


class Protocol:
    """As much of a connection as a body needs."""

    def __init__(self) -> None:
        self.transport = Transport()
        self.aborted = False

    async def read(self) -> object:
        await asyncio.Event().wait()

    async def drain(self, seconds: float) -> None:
        pass

    def abort(self) -> None:
        self.aborted = True


async def pieces(*data: bytes):
    for piece in data:
        yield piece


async def test_the_body_then_the_rest():
    protocol = Protocol()
    upload = Upload("rag", call(body=b"a", rest=pieces(b"b", b"c")), protocol, 1.0)
    await upload.sent_or_answered()
    assert protocol.transport.sent == [b"a", b"b", b"c"]
    upload.cancel()


async def test_a_connection_that_closes_breaks_it_off():
    protocol = Protocol()
    protocol.transport.closing = True
    upload = Upload("rag", call(body=b"a"), protocol, 1.0)
    with pytest.raises(UpstreamReset, match="while the request was being sent"):
        await upload.sent_or_answered()
    await asyncio.sleep(0)
    assert protocol.aborted
    upload.cancel()


async def test_a_body_that_the_client_breaks_off_ends_the_call():
    async def breaks():
        yield b"a"
        raise ConnectionError("gone")

    protocol = Protocol()
    upload = Upload("rag", call(rest=breaks()), protocol, 1.0)
    with pytest.raises(ConnectionError):
        await upload.sent_or_answered()
    await asyncio.sleep(0)
    assert protocol.aborted
    upload.cancel()
