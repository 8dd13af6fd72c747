"""Client: asks the admin API, and tells in a line what went wrong. The token goes to that address and nowhere else."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from gateway.operate.failed import REFUSED, UNREACHABLE, WRONG, Failed

_SECONDS = 70.0  # a purge may wait for a minute


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """It would take the token along."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """url: of the admin listener, such as http://127.0.0.1:9090. token: None where none is asked for."""

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise Failed(["--admin: expected a URL such as http://127.0.0.1:9090, without user or query"], WRONG)
        self._url = url.rstrip("/")
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirects)

    def get(self, path: str) -> Any:
        """The JSON of an answer. Failed where there is none."""
        return self.ask("GET", path)[1]

    def ask(
        self, method: str, path: str, body: Any = None, raw: bytes | None = None, media: str = "application/json"
    ) -> tuple[int, Any]:
        """Status and JSON of an answer. body: JSON; raw: or what is sent as it is, of type `media`."""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/admin{path}", data, method=method)
        request.add_header("Content-Type", media)
        if self._token is not None:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                found = _json(answer.read())
                if not str(answer.headers["Server"]).startswith("ragfront/") or not isinstance(found, dict):
                    raise Failed(_problem(answer.status, None), REFUSED)
                return answer.status, found
        except urllib.error.HTTPError as exc:
            with exc:
                raise Failed(_problem(exc.code, _json(exc.read())), REFUSED) from None
        except (OSError, ValueError) as exc:
            raise unreachable(self._url, getattr(exc, "reason", exc)) from None


def unreachable(url: str, reason: object) -> Failed:
    """What to tell where nobody answers at `url`."""
    if isinstance(reason, ConnectionRefusedError):
        reason = "nobody listens there; is a gateway running? --admin names another address"
    return Failed([f"no answer from {url}: {reason}"], UNREACHABLE)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _problem(status: int, told: Any) -> list[str]:
    """The lines of a problem; of an answer that is none, its status."""
    if not isinstance(told, dict) or "title" not in told:
        return [f"not the admin API of ragfront: it answered {status}"]
    if status == 401:
        return ["a token is needed, or another one: --token-file FILE, or RAGFRONT_ADMIN_TOKEN"]
    lines = [told.get("detail") or told["title"]]
    for wrong in told.get("errors", []):
        where = wrong.get("pointer") or wrong.get("parameter")
        lines.append(f"{where}: {wrong['detail']}" if where else wrong["detail"])
    return lines
