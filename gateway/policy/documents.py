"""Documents: what was retrieved for a question, as JSON found in answers, and as text for people. No I/O."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from gateway.model.entry import Entry, Windows
from gateway.model.settings.stream import ShapeSettings
from gateway.policy.document import dump, dump_in_order
from gateway.policy.pointer import Pointer, compile_pointer

MOST = 256
"""Documents of one answer that are kept; retrieval endpoints give tens."""

_TEXTS = ("/text", "/content", "/page_content", "/pageContent", "/chunk", "/content_with_weight", "/quote", "/document")
_IDS = (
    "/id", "/_id", "/doc_id", "/document_id", "/documentId", "/chunk_id", "/chunkId", "/node_id", "/node/id_",
    "/file_id", "/metadata/id", "/metadata/doc_id", "/metadata/document_id", "/metadata/chunk_id",
)  # fmt: skip
_TITLES = ("/title", "/metadata/title", "/document_name", "/name", "/metadata/source", "/source", "/url", "/id")


class Documents:
    """Where documents stand, compiled. at: None where there are none. texts: of their own text; () for the usual."""

    __slots__ = ("_at", "_ids", "_texts", "_titles")

    def __init__(self, at: str | None, texts: Sequence[str] = ()) -> None:
        self._at = None if at is None else compile_pointer(at)
        self._texts = [compile_pointer(text) for text in (texts or _TEXTS)]
        self._titles = [compile_pointer(title) for title in _TITLES]
        self._ids = [compile_pointer(name) for name in _IDS]

    def find(self, value: Any) -> list[Any]:
        """The documents in a JSON value; [] where there are none. With `*` in the pointer, all that it leads to."""
        if self._at is None:
            return []
        found = self._at.find(value)
        if not self._at.wild:
            found = found[0] if found and isinstance(found[0], list) else []
        return [document for document in found if document not in (None, "", [], {})][:MOST]

    def identity(self, document: Any) -> str:
        """What tells a document from others: its id, else its text, else all of it (a score may differ each time)."""
        for pointer in self._ids:
            for found in pointer.find(document):
                if isinstance(found, str | int) and found != "" and not isinstance(found, bool):
                    return f"id {found}"
        return self._said(document) or dump(document).decode()

    def text(self, documents: Iterable[Any]) -> str:
        """Numbered, each with its title where it has one, for a client that shows text. "" where none has a text."""
        parts: list[str] = []
        for document in documents:
            said = self._said(document)
            if said:
                title = "" if isinstance(document, str) else _first(self._titles, document)
                head = f"[{len(parts) + 1}]" if not title else f"[{len(parts) + 1}] {title}"
                parts.append(f"{head}\n{said}")
        return "\n\n".join(parts)

    def _said(self, document: Any) -> str:
        return document.strip() if isinstance(document, str) else _first(self._texts, document)


def _first(pointers: Iterable[Pointer], value: Any) -> str:
    for pointer in pointers:
        for found in pointer.find(value):
            if isinstance(found, str) and found.strip():
                return found.strip()
    return ""


def laid_up(documents: Sequence[Any], answer: Entry, now: float, seconds: float) -> Entry:
    """The documents of an answer as an entry of their own, which outlives it. now: Unix seconds."""
    return Entry.of(
        200,
        b"OK",
        ((b"Content-Type", b"application/json"),),
        dump_in_order(list(documents)),
        coding=b"",
        route=answer.route,
        fresh_until=now + seconds,
        fresh_for=seconds,
        stale=Windows(0.0, 0.0),
        tags=answer.tags,
        version=answer.version,
    )


def read(entry: Entry) -> list[Any]:
    """What `laid_up` has laid up."""
    documents = orjson.loads(entry.body)
    return documents if isinstance(documents, list) else []


def body_of(shape: ShapeSettings) -> Any:
    """What a plain answer of this shape looks like with documents and without a generated answer: a template.

    Where the shape says nothing of documents, or stands in lists: `{"documents": [...]}`.
    """
    body: Any = {}
    if shape.documents is None or not _put(body, shape.documents, "{documents}"):
        return {"documents": "{documents}"}
    if shape.answer is not None:
        _put(body, shape.answer, None)
    return body


def _put(body: Any, pointer: str, value: Any) -> bool:
    """Whether there was a way to put it there."""
    *way, last = [segment.replace("~1", "/").replace("~0", "~") for segment in pointer.split("/")[1:]] or [""]
    if not pointer or any(segment == "*" or segment.isdigit() for segment in (*way, last)):
        return False
    for segment in way:
        body = body.setdefault(segment, {})
        if not isinstance(body, dict):
            return False
    body[last] = value
    return True
