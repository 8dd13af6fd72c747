"""Upstreams behind TLS: trusted by their own authority, refused without it."""

import asyncio
import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.model.settings.file import Settings
from tests.support.gateway import RAG, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rag")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "rag.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class TlsUpstream(ScriptedUpstream):
    def __init__(self, answer, pem: Path) -> None:
        super().__init__(answer)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(pem)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._track, "127.0.0.1", self.port, limit=1 << 20, ssl=self.context)
        self.port = self._server.sockets[0].getsockname()[1]


def with_tls(configured: Settings, **tls: object) -> Settings:
    rag = configured.upstreams["rag"]
    made = type(rag).model_validate({"urls": rag.urls, "tls": tls})
    return configured.model_copy(update={"upstreams": {"rag": made}})


@pytest.mark.parametrize(("tls", "works"), [({"ca": "{pem}"}, True), ({"verify": False}, True), ({}, False)])
async def test_whom_we_trust(tls: dict[str, object], works: bool, tmp_path: Path) -> None:
    pem = certificate(tmp_path)

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b'"' + b"x" * 300_000 + b'"')

    async with TlsUpstream(answer, pem) as upstream:
        if "ca" in tls:
            tls = {"ca": str(pem)}
        async with running(with_tls(settings(upstream.url, RAG), **tls)) as gateway:
            for request in (b"GET /x HTTP/1.1\r\nHost: gw\r\n\r\n", post(b"/rag", b"{}")) * 2:
                head, body = await once(gateway.port, request)
                if works:
                    assert (head[9:12], len(body)) == (b"200", 300_002)
                else:
                    assert head[9:12] == b"502"
                    assert b"certificate not trusted: self-signed" in body
            assert upstream.connections == 1 or not works
            await left_nothing(gateway)


async def test_a_service_that_speaks_no_tls_is_said_so() -> None:

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, running(settings(f"https://127.0.0.1:{port}")) as gateway:
        head, body = await once(gateway.port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
        assert head[9:12] == b"502"
        assert b"TLS failed: " in body
