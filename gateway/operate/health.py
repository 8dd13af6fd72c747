"""Health: is a gateway alive, and should it get requests? For probes that can only run a command."""

import contextlib
import http.client
import json
from urllib.parse import urlsplit

import typer

from gateway.operate.client import unreachable
from gateway.operate.failed import REFUSED, WRONG, Failed

_SECONDS = 4.0  # less than a container engine waits for a probe


def run(admin: str, live: bool) -> None:
    """Print `ready`, or `ok` where `live` asks for no more. Failed: REFUSED where it is not, UNREACHABLE."""
    parts = urlsplit(admin)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise Failed(["--admin: expected a URL such as http://127.0.0.1:9090"], WRONG)
    status, told = _ask(admin, "/healthz" if live else "/readyz")
    if status != 200:
        raise Failed([f"not ready: {told}" if told else f"not ready: it answered {status}"], REFUSED)
    typer.echo(told)


def _ask(admin: str, path: str) -> tuple[int, str]:
    """Status, and the first line of what it says."""
    parts = urlsplit(admin)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = connect(parts.hostname or "", parts.port, timeout=_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, _told(answer.read(4096))
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as exc:
        raise unreachable(admin, exc) from None


def _told(body: bytes) -> str:
    """A problem's detail, or the text as it is."""
    text = body.decode(errors="replace").strip()
    with contextlib.suppress(ValueError, TypeError, KeyError):
        text = str(json.loads(text)["detail"])
    return text.partition("\n")[0]
