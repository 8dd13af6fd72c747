"""Pool: which connection."""

import ssl

import pytest

from gateway.model.settings.base import TlsSettings
from gateway.model.settings.upstream import UpstreamSettings
from gateway.upstream.pool import Pool, connected, tls_context
from gateway.upstream.replica import replicas_of
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def test_a_kept_connection_is_taken_again_and_one_that_has_ended_is_not():
    async def fine(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with ScriptedUpstream(fine) as service:
        settings = UpstreamSettings(urls=(service.url,))
        (replica,) = replicas_of(settings)
        pool = Pool("rag", settings)
        assert await pool.idle(replica) is None
        connection = await pool.connect(replica)
        protocol = connected(connection)
        protocol.expect(b"GET")
        protocol.transport.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await protocol.read()
        connection.release()
        again = await pool.idle(replica)
        assert again is not None
        assert connected(again) is protocol
        again.release()
        await service.stop()
        await service.until(lambda: service.open == 0)
        assert await pool.idle(replica) is None
        await pool.close()
        await service.start()


def test_tls_verifies_unless_told_not_to():
    assert tls_context(TlsSettings()) is True
    lax = tls_context(TlsSettings(verify=False))
    assert isinstance(lax, ssl.SSLContext)
    assert lax.verify_mode is ssl.CERT_NONE
    with pytest.raises(OSError):
        tls_context(TlsSettings(ca="/nowhere/ca.pem"))
