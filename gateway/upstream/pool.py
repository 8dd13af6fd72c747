"""Pool: the connections of one worker to one upstream, kept by aiohttp's connector."""

import asyncio
import os
import ssl
from functools import partial

import aiohttp
from aiohttp.connector import Connection

from gateway.model.errors import UpstreamTimeout, UpstreamUnreachable
from gateway.model.settings.base import TlsSettings
from gateway.model.settings.upstream import UpstreamSettings
from gateway.upstream.connection import UpstreamConnection
from gateway.upstream.replica import Replica

# Waiting for a free connection is queueing, not connecting: the call's own time limit bounds it.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


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
        self.name = name
        self._connector = _Connector(settings, asyncio.get_running_loop())

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
