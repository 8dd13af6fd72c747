"""/admin/: the console's files, out of the package. They tell nothing about the gateway, so they need no token.

What the page shows it asks of the API, as any other client does, with the token that its user has typed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web
from aiohttp.hdrs import IF_NONE_MATCH

PAGE = "/admin/"
FOLDER = "/admin/console/"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Nothing but what this listener serves, in no frame, and no form that sends itself: even if a stored answer or a
# client's path had markup in it that came to life, it could load nothing and tell nobody.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Asked about each time, so that a page of one version never meets modules of another.
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One file, as it is sent. etag: a strong validator."""

    body: bytes
    media_type: str
    etag: str


@cache
def pages() -> Mapping[str, Page]:
    """All files of the console by their paths here; the page itself stands at /admin/."""
    found = dict(_read(files("gateway.listeners.admin") / "console", FOLDER))
    found[PAGE] = found.pop(f"{FOLDER}index.html")
    return found


def _read(folder: Traversable, path: str) -> list[tuple[str, Page]]:
    made: list[tuple[str, Page]] = []
    for file in folder.iterdir():
        if file.is_dir():
            made += _read(file, f"{path}{file.name}/")
        elif (media_type := _TYPES.get(file.name[file.name.rfind(".") :])) is not None:
            body = file.read_bytes()
            made.append((f"{path}{file.name}", Page(body, media_type, sha256(body).hexdigest()[:32])))
    return made


def routes() -> list[web.RouteDef]:
    """GET and HEAD of each file, and of /admin, which leads to the page."""

    async def page(request: web.Request) -> web.Response:
        found = pages()[request.path]
        headers = {**_HEADERS, "Content-Type": found.media_type, "ETag": f'"{found.etag}"'}
        if _known(request, found.etag):
            return web.Response(status=304, headers=headers)
        return web.Response(body=found.body, headers=headers)

    async def to_page(_: web.Request) -> web.Response:
        # Relative, so that it holds behind a proxy that puts a path of its own in front.
        return web.Response(status=308, headers={**_HEADERS, "Location": "admin/"})

    return [web.get(path, page) for path in pages()] + [web.get(PAGE.rstrip("/"), to_page)]


def _known(request: web.Request, etag: str) -> bool:
    """Whether the client has it already (RFC 9110 section 13.1.2; the comparison is the weak one)."""
    stated = request.headers.get(IF_NONE_MATCH, "")
    return any(one.strip().removeprefix("W/") in ("*", f'"{etag}"') for one in stated.split(","))
