"""Endpoint: what a filter is built from, read page by page from Qdrant, Chroma or anything that gives pages of JSON.

Credentials go to the stated server only: redirects are not followed, and a next page elsewhere is refused.
"""

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import orjson

from gateway.guard.filterfile import FilterError
from gateway.guard.records import Record, found
from gateway.policy.pointer import Pointer, compile_pointer

Format = Literal["json", "qdrant", "chroma"]

LARGEST = 256 << 20
"""Bytes of a page."""

_PATIENCE = 60.0  # seconds without a byte


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where pages come from.

    url: of the collection for qdrant and chroma, else of the first page. page: records of one page asked for.
    next: json: leads to the next page's URL, or to a cursor where `cursor` names the query parameter it goes into.
    """

    url: str
    format: Format
    pointers: list[Pointer]
    headers: Mapping[str, str] = field(default_factory=dict)
    page: int = 1000
    next: Pointer | None = None
    cursor: str | None = None

    def records(self) -> Iterator[Record]:
        """One for each page. FilterError where the server does not answer as it should."""
        match self.format:
            case "qdrant":
                return self._qdrant()
            case "chroma":
                return self._chroma()
            case "json":
                return self._json()

    def _qdrant(self) -> Iterator[Record]:
        """POST /collections/{name}/points/scroll. A record is a point: `/id`, or `/payload/...`."""
        payload = any(pointer.text.startswith("/payload") for pointer in self.pointers)
        asked: dict[str, Any] = {"limit": self.page, "with_payload": payload, "with_vector": False}
        offset: Any = None
        while True:
            value, size, _ = self._ask("/points/scroll", asked if offset is None else asked | {"offset": offset})
            points = _member(value, "/result/points", list)
            yield [member for point in points for member in found(point, self.pointers)], size
            before, offset = offset, next(iter(compile_pointer("/result/next_page_offset").find(value)), None)
            if offset is None:
                return
            if offset == before or not points:
                raise FilterError(f"{self.url}: gives the same page without end")

    def _chroma(self) -> Iterator[Record]:
        """POST {collection}/get. A record is made of its columns: `/id`, `/document`, `/metadata/...`."""
        columns = {"/document": "documents", "/metadata": "metadatas"}
        include = [column for name, column in columns.items() if any(p.text.startswith(name) for p in self.pointers)]
        offset = 0
        while True:
            value, size, _ = self._ask("/get", {"limit": self.page, "offset": offset, "include": include})
            ids = _member(value, "/ids", list)
            rest = [value.get(column) or [None] * len(ids) for column in ("documents", "metadatas")]
            records = [
                {"id": each, "document": document, "metadata": metadata}
                for each, document, metadata in zip(ids, *rest, strict=False)
            ]
            yield [member for record in records for member in found(record, self.pointers)], size
            if not ids:  # a server may give fewer than it was asked for
                return
            offset += len(ids)

    def _json(self) -> Iterator[Record]:
        """GET, then `next` or the field Link (RFC 8288) until there is none. A record is a whole page."""
        url, seen = self.url, set[str]()
        while url:
            seen.add(url)
            value, size, link = self._ask("", None, url)
            members = [member for pointer in self.pointers for member in pointer.find(value)]
            yield members, size
            url = self._following(url, value, link)
            if url in seen:
                raise FilterError(f"{url}: gives the same page without end")

    def _following(self, url: str, value: Any, link: str) -> str:
        """The next page's URL; "" where there is none."""
        if self.next is None:
            target: Any = _next_link(link)
        else:
            target = next(iter(self.next.find(value)), None)
        if target is None or target == "":
            return ""
        if self.cursor is not None:
            parts = urlsplit(url)
            query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != self.cursor]
            text = target if isinstance(target, str) else orjson.dumps(target).decode()
            return parts._replace(query=urlencode([*query, (self.cursor, text)])).geturl()
        if not isinstance(target, str):
            raise FilterError(f"{url}: the next page's URL is no text; state the parameter of a cursor")
        following = urljoin(url, target)
        if urlsplit(following)[:2] != urlsplit(self.url)[:2]:
            raise FilterError(f"{url}: the next page is on another server")
        return following

    def _ask(self, path: str, body: Any, url: str | None = None) -> tuple[Any, int, str]:
        """The answer's JSON value, its size, its Link."""
        url = url or self.url.rstrip("/") + path
        data = None if body is None else orjson.dumps(body)
        headers = {"Accept": "application/json", **({} if data is None else {"Content-Type": "application/json"})}
        try:
            asked = urllib.request.Request(url, data, headers | dict(self.headers))
            with _OPENER.open(asked, timeout=_PATIENCE) as answer:
                text = answer.read(LARGEST + 1)
                link = ", ".join(answer.headers.get_all("Link") or [])
        except urllib.error.HTTPError as exc:
            with exc:
                raise FilterError(f"{url}: answers {exc.code}") from None
        except (OSError, http.client.HTTPException, ValueError) as exc:
            reason = getattr(exc, "reason", None) or exc
            raise FilterError(f"{url}: {reason}") from None
        if len(text) > LARGEST:
            raise FilterError(f"{url}: a page of more than {LARGEST >> 20} MiB; ask for smaller ones")
        try:
            return orjson.loads(text), len(text), link
        except orjson.JSONDecodeError:
            raise FilterError(f"{url}: does not answer with JSON") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL_NEXT = re.compile(r";\s*rel\s*=\s*(?:next\b|\"[^\"]*\bnext\b)", re.IGNORECASE)
_OPENER = urllib.request.build_opener(_NoRedirect)


def _member(value: Any, pointer: str, kind: type[Any]) -> Any:
    member = next(iter(compile_pointer(pointer).find(value)), None)
    if not isinstance(member, kind):
        raise FilterError(f"the server's answer has no list at {pointer}; is the format right?")
    return member


def _next_link(link: str) -> str | None:
    """The target of `<...>; rel="next"`."""
    for target, parameters in _LINK.findall(link):
        if _REL_NEXT.search(parameters):
            return str(target)
    return None
