"""TunnelEnd: bytes as they come, ended by the peer or by its failure."""

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol

from gateway.wire.tunnel import TunnelEnd


class Sink(asyncio.Transport):
    """A transport that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize("ending", ["feed_eof", "set_exception"])
async def test_everything_arrives_and_then_it_ends(ending):
    loop = asyncio.get_running_loop()
    near, far = BaseProtocol(loop), BaseProtocol(loop)
    near.transport, far.transport = Sink(), (sink := Sink())
    end = TunnelEnd(near, loop)
    copying = asyncio.create_task(end.copy_to(far))
    assert end.feed_data(b"a\x00") == (False, b"")
    await asyncio.sleep(0)
    end.feed_data(b"b")
    end.feed_eof() if ending == "feed_eof" else end.set_exception(ConnectionResetError())
    await copying
    assert b"".join(sink.written) == b"a\x00b"
    assert end.is_eof()
    end.feed_data(b"late")
    end.feed_eof()


async def test_a_side_that_is_gone_ends_the_copying():
    loop = asyncio.get_running_loop()
    end = TunnelEnd(BaseProtocol(loop), loop)
    end.feed_data(b"x")
    await asyncio.wait_for(end.copy_to(BaseProtocol(loop)), 1)
