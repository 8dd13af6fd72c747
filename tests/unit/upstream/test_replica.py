"""Replica: the parts of a base URL, and names that tell replicas apart."""

from gateway.model.settings.upstream import UpstreamSettings
from gateway.upstream.replica import replicas_of


async def test_parts_of_a_url():
    replicas = replicas_of(UpstreamSettings(urls=("http://a:1/x/", "http://b", "https://[::1]:3")))
    assert [replica.authority for replica in replicas] == [b"a:1", b"b", b"[::1]:3"]
    assert [replica.prefix for replica in replicas] == [b"/x", b"", b""]
    assert [replica.name for replica in replicas] == ["a:1/x", "b", "[::1]:3"]


async def test_one_that_is_stated_twice_has_two_names():
    replicas = replicas_of(UpstreamSettings(urls=("http://a", "http://a/", "https://a")))
    assert [replica.name for replica in replicas] == ["a", "a#2", "a#3"]
    assert len({replica.seed for replica in replicas}) == 3


async def test_its_state():
    (replica,) = replicas_of(UpstreamSettings(urls=("http://a",)))
    fresh = replica.state(100.0)
    assert (fresh.healthy, fresh.ejected, fresh.drained, fresh.breaker) == (True, False, False, "closed")
    replica.record.eject(100.0)
    assert replica.state(109.0).ejected
    assert not replica.state(110.0).ejected
