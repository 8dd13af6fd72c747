"""How to reach Redis: settings -> a redis-py client of one server, of a Sentinel's master, or of a Cluster.

Nothing is connected here. No client retries: whether and when something is asked again is for the tiers to decide.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import (
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
    parse_url,
)
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelManagedSSLConnection
from redis.backoff import NoBackoff

from gateway.model.settings.tiers import RedisSettings

CONNECT_SECONDS = 1.0

_NODE_SECONDS = 0.4
"""Where one operation may have to ask several servers, each gets so long: one that hangs does not use up all."""

_SENTINEL_PORT = 26379


class Client(NamedTuple):
    """A client, and how to close it with all that was made for it."""

    redis: Redis | RedisCluster
    close: Callable[[], Awaitable[None]]


def client(settings: RedisSettings) -> Client:
    """The client that the settings describe. ValueError where the URL is none of Redis's.

    With Sentinel, user and password of the URL are the Sentinels' where `username` or `password` are stated apart,
    and else those of the servers that they watch.
    """
    url = parse_url(settings.url)
    # RESP2 and no CLIENT SETINFO: one round trip to connect, and any server since 2.8 understands it.
    common: dict[str, Any] = {
        "protocol": 2,
        "driver_info": None,
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": None,  # each operation has its own limit, which costs less than one for each read and write
    }
    login: dict[str, Any] = {
        "username": settings.username or url.get("username"),
        "password": settings.password or url.get("password"),
    }
    place: dict[str, Any] = {"host": url.get("host", "localhost"), "port": url.get("port", 6379)}
    kind = url.get("connection_class", Connection)
    tls = _tls(settings) if kind is SSLConnection else {}
    if tls:
        kind = _with_one_context(SSLConnection)
    if settings.cluster:
        return _cluster(settings, common | login | place | _switch(tls))
    if settings.sentinel is not None:
        apart = bool(settings.username or settings.password)
        asked = {"username": url.get("username"), "password": url.get("password")} if apart else {}
        master = common | login | _switch(tls) | {"db": url.get("db", 0)}
        return _sentinel(settings, url.get("host", "localhost"), url.get("port", _SENTINEL_PORT), asked, master)
    if kind is UnixDomainSocketConnection:
        place = {"path": url.get("path", "")}
    pool = ConnectionPool(
        connection_class=kind,
        max_connections=settings.connections,
        db=url.get("db", 0),
        **common,
        **login,
        **place,
        **tls,
    )
    redis = Redis.from_pool(pool)
    return Client(redis, redis.aclose)


def _sentinel(settings: RedisSettings, host: str, port: int, asked: dict[str, Any], master: dict[str, Any]) -> Client:
    limits = {"socket_timeout": _NODE_SECONDS, "socket_connect_timeout": _NODE_SECONDS}
    tls = {name: value for name, value in master.items() if name.startswith("ssl")}
    if tls:
        master |= {"connection_class": _with_one_context(SentinelManagedSSLConnection)}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py left its constructor without annotations
        [(host, port), *(_address(address) for address in settings.sentinels)],
        sentinel_kwargs={"protocol": 2, "driver_info": None, "retry": Retry(NoBackoff(), 0), **limits, **asked, **tls},
    )
    redis = sentinel.master_for(settings.sentinel or "", max_connections=settings.connections, **master)

    async def close() -> None:
        await redis.aclose()
        await sentinel.aclose()

    return Client(redis, close)


def _cluster(settings: RedisSettings, options: dict[str, Any]) -> Client:
    options |= {"socket_timeout": _NODE_SECONDS, "socket_connect_timeout": _NODE_SECONDS}
    # Learning the whole map anew on every fifth MOVED would close connections that are in use.
    options |= {"reinitialize_steps": 0, "require_full_coverage": False}
    redis = RedisCluster(max_connections=settings.connections, **options)

    async def close() -> None:
        await redis.aclose()
        # A client that lost its cluster counts as not begun and closes nothing.
        await redis.nodes_manager.aclose()
        await redis.nodes_manager.aclose("startup_nodes")

    return Client(redis, close)


def _tls(settings: RedisSettings) -> dict[str, Any]:
    return {
        "ssl_cert_reqs": "required" if settings.tls.verify else "none",
        "ssl_check_hostname": settings.tls.verify,
        "ssl_ca_certs": settings.tls.ca,
        "ssl_certfile": settings.tls.cert,
        "ssl_keyfile": settings.tls.key,
    }


def _with_one_context(kind: type[SSLConnection]) -> type[SSLConnection]:
    """`kind`, whose connections share what they verify by.

    redis-py reads the system's certificates anew for each: 40 ms for which the event loop does nothing else.
    """

    class OneContext(kind):  # type: ignore[misc, valid-type]
        shared: Any = None
        ssl_context: Any

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            OneContext.shared = self.ssl_context = OneContext.shared or self.ssl_context

    return OneContext


def _switch(tls: dict[str, Any]) -> dict[str, Any]:
    return {"ssl": True, **tls} if tls else {}


def _address(text: str) -> tuple[str, int]:
    """`host`, `host:port` or `[ipv6]:port` -> host and port."""
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        return text.strip("[]"), _SENTINEL_PORT
    return host.strip("[]"), int(port)
