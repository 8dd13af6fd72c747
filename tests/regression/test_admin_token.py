"""The admin token was demanded beyond loopback, and then nobody was asked for it."""

from tests.support.gateway import once, running, settings
from tests.support.ports import free_port


async def test_a_configured_token_is_asked_for():
    port = free_port()
    configured = settings("http://127.0.0.1:1", admin={"listen": f"127.0.0.1:{port}", "token": "s3cret"})
    async with running(configured):
        for shown, status in ((b"", b"401"), (b"Authorization: Bearer s3cret\r\n", b"200")):
            request = b"GET /metrics HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n%b\r\n" % shown
            head, _ = await once(port, request)
            assert head[9:12] == status
