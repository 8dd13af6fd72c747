"""Pool: the connections of one worker to one upstream, kept by aiohttp's connector."""

import asyncio
import itertools
import os
import ssl
from functools import partial

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from yarl import URL

from gateway.model.errors import UpstreamTimeout, UpstreamUnreachable
from gateway.model.settings import TlsSettings, UpstreamSettings
from gateway.upstream.connection import UpstreamConnection

# Waiting for a free connection is queueing, not connecting: the call's own time limit bounds it.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class Replica:
    """One base URL of an upstream. `authority` for Host, `prefix` before each target."""

    __slots__ = ("address", "authority", "key", "pending", "prefix", "url")

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        parsed = URL(url)
        self.url = url
        self.authority = url.partition("://")[2].partition("/")[0].encode()
        self.prefix = parsed.raw_path.rstrip("/").encode()
        # The connector asks a request where to connect to; one that is never sent stands for all of ours.
        self.address = ClientRequest("GET", parsed, loop=loop)
        self.key = self.address.connection_key
        self.pending = 0


class _Connector(aiohttp.TCPConnector):
    """aiohttp's connector with our protocol, and a limit on connecting that includes DNS and TLS."""

    def __init__(self, settings: UpstreamSettings, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            limit=settings.pool.connections,
            keepalive_timeout=settings.pool.keepalive,
            ttl_dns_cache=int(settings.pool.dns_ttl),
            ssl=tls_context(settings.tls),
        )
        self._factory = partial(UpstreamConnection, loop)  # type: ignore[assignment]
        self._connect_limit = settings.timeouts.connect

    async def _wait_for_available_connection(self, *args: object) -> None:
        try:
            await super()._wait_for_available_connection(*args)  # type: ignore[arg-type]
        except BaseException:
            # A waiter that is called up and leaves in the same moment must call up the next, or that one waits on
            # beside a free connection.
            self._release_waiter()
            raise

    async def _create_connection(self, *args: object) -> UpstreamConnection:
        async with asyncio.timeout(self._connect_limit):
            return await super()._create_connection(*args)  # type: ignore[arg-type, return-value]


class Pool:
    """Connections to the replicas of one upstream."""

    def __init__(self, name: str, settings: UpstreamSettings) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        self.replicas = [Replica(url, loop) for url in settings.urls]
        self._turn = itertools.count()
        self._connector = _Connector(settings, loop)

    def pick(self, but: Replica | None = None) -> Replica:
        """The replica with the fewest calls under way; ties go round. `but`: not this one, if there is another."""
        if len(self.replicas) == 1:
            return self.replicas[0]
        turn = next(self._turn)
        replicas = [replica for replica in self.replicas if replica is not but] or self.replicas
        count = len(replicas)
        return min((replicas[(turn + i) % count] for i in range(count)), key=lambda replica: replica.pending)

    async def idle(self, replica: Replica) -> Connection | None:
        """A connection that was kept, if there is one. Does not suspend."""
        while (connection := await self._connector._get(replica.key, [])) is not None:
            if not connected(connection).dead:
                return connection
            connection.close()
        return None

    async def connect(self, replica: Replica) -> Connection:
        """A connection, once one is free or made. Raises UpstreamUnreachable, UpstreamTimeout."""
        while True:
            try:
                connection = await self._connector.connect(replica.address, [], _NO_TIMEOUT)
            except TimeoutError as exc:
                raise UpstreamTimeout(self.name, f"no connection to {replica.url} in time") from exc
            except (aiohttp.ClientError, OSError, ssl.SSLError) as exc:
                raise UpstreamUnreachable(self.name, f"no connection to {replica.url}: {_plain(exc)}") from exc
            protocol = connected(connection)
            if not (protocol.calls and protocol.dead):
                return connection
            connection.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._connector.close()


def connected(connection: Connection) -> UpstreamConnection:
    """The protocol of a connection that is in use."""
    protocol = connection.protocol
    assert isinstance(protocol, UpstreamConnection)
    return protocol


def _plain(exc: BaseException) -> str:
    """The operating system's own words, without aiohttp's repetition of the address."""
    inner = exc
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        inner = exc.certificate_error
    elif isinstance(exc, aiohttp.ClientConnectorError):
        inner = exc.os_error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {inner.verify_message}"
    if isinstance(inner, ssl.SSLError):  # whose errno is not the operating system's
        return f"TLS failed: {inner.reason or inner}"
    if isinstance(inner, OSError) and inner.errno:
        return os.strerror(inner.errno)
    return str(inner) or type(inner).__name__


def tls_context(settings: TlsSettings) -> ssl.SSLContext | bool:
    """How to verify, and whom we are. True stands for aiohttp's default context. OSError where a file is bad."""
    if settings == TlsSettings():
        return True
    context = ssl.create_default_context(cafile=settings.ca)
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert is not None:
        context.load_cert_chain(settings.cert, settings.key)
    return context
