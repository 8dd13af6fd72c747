"""Redis client: settings become the client that they describe, and nothing is connected."""

from typing import Any

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.sentinel import SentinelConnectionPool, SentinelManagedSSLConnection

from gateway.link.redis_client import client
from gateway.model.settings.base import TlsSettings
from gateway.model.settings.tiers import RedisSettings


def pool(settings: RedisSettings) -> Any:
    redis = client(settings).redis
    assert isinstance(redis, Redis)
    return redis.connection_pool


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("redis://r", Connection, {"host": "r", "port": 6379, "db": 0, "username": None, "password": None}),
        (
            "redis://u:p%40s@r:7000/3",
            Connection,
            {"host": "r", "port": 7000, "db": 3, "username": "u", "password": "p@s"},
        ),
        ("rediss://[::1]:1", SSLConnection, {"host": "::1", "port": 1, "ssl_cert_reqs": "required"}),
        ("unix:///run/redis.sock?db=2", UnixDomainSocketConnection, {"path": "/run/redis.sock", "db": 2}),
    ],
)
def test_urls(url: str, kind: type, expected: dict[str, Any]) -> None:
    found = pool(RedisSettings(url=url))
    assert issubclass(found.connection_class, kind)
    assert {name: found.connection_kwargs[name] for name in expected} == expected


def test_stated_credentials_win_over_the_url_s() -> None:
    found = pool(RedisSettings(url="redis://a:b@r", username="c", password="d")).connection_kwargs
    assert (found["username"], found["password"]) == ("c", "d")


def test_query_options_of_the_url_do_not_reach_the_client() -> None:
    assert "socket_read_size" not in pool(RedisSettings(url="redis://r?socket_read_size=1")).connection_kwargs


def test_tls_files_and_trust() -> None:
    tls = TlsSettings(verify=False, ca="ca.pem", cert="c.pem", key="k.pem")
    found = pool(RedisSettings(url="rediss://r", tls=tls)).connection_kwargs
    names = ("ssl_cert_reqs", "ssl_check_hostname", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
    assert [found[name] for name in names] == ["none", False, "ca.pem", "c.pem", "k.pem"]


@pytest.mark.parametrize("sentinel", [None, "mymaster"])
def test_connections_verify_by_one_context_and_clients_by_their_own(sentinel: str | None) -> None:
    one, other = (pool(RedisSettings(url="rediss://r", sentinel=sentinel)) for _ in range(2))
    first, second, foreign = (of.make_connection().ssl_context.get() for of in (one, one, other))
    assert first is second
    assert first is not foreign


def test_nothing_is_tried_twice() -> None:
    assert pool(RedisSettings(url="redis://r")).connection_kwargs["retry"].get_retries() == 0
    cluster = client(RedisSettings(url="redis://127.0.0.1:1", cluster=True)).redis
    assert isinstance(cluster, RedisCluster)
    assert cluster.retry.get_retries() == 0


def sentinels(settings: RedisSettings) -> tuple[Any, list[dict[str, Any]]]:
    found = pool(settings)
    assert isinstance(found, SentinelConnectionPool)
    return found, [one.connection_pool.connection_kwargs for one in found.sentinel_manager.sentinels]


def test_the_url_and_the_further_ones_are_sentinels() -> None:
    found, asked = sentinels(
        RedisSettings(url="redis://s1/4", sentinel="main", sentinels=("s2", "s3:7", "[::1]:8", "[::2]"))
    )
    assert found.service_name == "main"
    assert found.connection_kwargs["db"] == 4
    places = [(one["host"], one["port"]) for one in asked]
    assert places == [("s1", 26379), ("s2", 26379), ("s3", 7), ("::1", 8), ("::2", 26379)]


def test_the_url_s_credentials_are_the_sentinels_where_others_are_stated() -> None:
    found, asked = sentinels(RedisSettings(url="redis://a:b@s", sentinel="main", username="c", password="d"))
    assert (asked[0]["password"], found.connection_kwargs["password"]) == ("b", "d")
    found, asked = sentinels(RedisSettings(url="redis://a:b@s", sentinel="main"))
    assert (asked[0]["password"], found.connection_kwargs["password"]) == (None, "b")


def test_sentinels_and_their_master_speak_tls_alike() -> None:
    found, asked = sentinels(RedisSettings(url="rediss://s", sentinel="main", tls=TlsSettings(ca="ca.pem")))
    assert issubclass(found.connection_class, SentinelManagedSSLConnection)
    assert (found.connection_kwargs["ssl_ca_certs"], asked[0]["ssl_ca_certs"]) == ("ca.pem", "ca.pem")


def test_what_is_no_redis_url_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="scheme"):
        client(RedisSettings(url="http://r"))
