"""Pool: which replica, which connection."""

import ssl

import pytest

from gateway.model.settings import TlsSettings, UpstreamSettings
from gateway.upstream.pool import Pool, tls_context


@pytest.fixture
async def pool():
    made = Pool("rag", UpstreamSettings(urls=("http://a:1/x/", "http://b", "https://[::1]:3")))
    yield made
    await made.close()


async def test_a_replicas_parts(pool):
    assert [replica.authority for replica in pool.replicas] == [b"a:1", b"b", b"[::1]:3"]
    assert [replica.prefix for replica in pool.replicas] == [b"/x", b"", b""]


async def test_the_least_busy_replica_is_picked_and_ties_go_round(pool):
    a, b, c = pool.replicas
    assert {pool.pick() for _ in range(3)} == {a, b, c}
    a.pending, b.pending = 2, 1
    assert {pool.pick() for _ in range(3)} == {c}
    assert pool.pick(but=c) is b


async def test_the_only_replica_is_picked_again():
    pool = Pool("rag", UpstreamSettings(urls=("http://a",)))
    assert pool.pick(but=pool.replicas[0]) is pool.replicas[0]
    await pool.close()


def test_tls_verifies_unless_told_not_to():
    assert tls_context(TlsSettings()) is True
    lax = tls_context(TlsSettings(verify=False))
    assert isinstance(lax, ssl.SSLContext)
    assert lax.verify_mode is ssl.CERT_NONE
    with pytest.raises(OSError):
        tls_context(TlsSettings(ca="/nowhere/ca.pem"))
