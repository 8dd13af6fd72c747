"""Forms: one answer of OpenAI's chat, plain or as a stream; which other form of a request it also answers.

For routes that say `stream.both_forms`. A request that nothing stored answers as it is may be asked in its other
forms: `other_forms` gives the same request as other clients would have sent it, and the answer that is found under
one of their keys becomes, by `converted`, what this client expects. All that is undecidable is a miss.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

from gateway.model.entry import Entry, EntryFlag, head
from gateway.model.fields import Pairs
from gateway.policy.chatplain import to_plain
from gateway.policy.chatstream import to_stream
from gateway.policy.coding import decode
from gateway.policy.document import Document, DocumentKind, dump


class Form(Enum):
    """How a client wants the answer of a chat."""

    PLAIN = "plain"
    STREAM = "stream"
    STREAM_WITH_USAGE = "stream-with-usage"  # `stream_options.include_usage`


_WITH_USAGE = {"include_usage": True}
# In which stored forms an answer may be found, most preferred first. Usage cannot be made up: a stream that tells
# it is served from a plain answer only. A plain answer without usage is better than a call.
_OTHERS = {
    Form.PLAIN: (Form.STREAM_WITH_USAGE, Form.STREAM),
    Form.STREAM: (Form.PLAIN, Form.STREAM_WITH_USAGE),
    Form.STREAM_WITH_USAGE: (Form.PLAIN,),
}
# About the bytes of the body as it was, or of the other form.
_LEFT_OUT = frozenset(
    {
        b"content-type", b"content-encoding", b"content-length", b"accept-ranges", b"etag", b"last-modified",
        b"content-digest", b"repr-digest", b"digest", b"content-md5", b"signature", b"signature-input",
    }
)  # fmt: skip


def asked_form(value: Any) -> Form | None:
    """The form that a request's JSON value asks for; None where that is not sure, and nothing may be converted.

    `stream` is true, or it is false, null or absent, with no `stream_options` then. Of these, `include_usage` counts;
    `include_obfuscation` does not (padding against those who watch the sizes of chunks, which a stored answer does
    not give away: it is cut by us); anything else that is switched on is not understood.
    """
    if not isinstance(value, dict):
        return None
    stream, options = value.get("stream"), value.get("stream_options")
    if stream is None or stream is False:
        return Form.PLAIN if options is None else None
    if stream is not True or not isinstance(options, dict | None):
        return None
    options = options or {}
    if any(options[name] not in (None, False) for name in options.keys() - {"include_usage", "include_obfuscation"}):
        return None
    usage = options.get("include_usage")
    if usage is True:
        return Form.STREAM_WITH_USAGE
    return Form.STREAM if usage is None or usage is False else None


def other_forms(document: Document) -> tuple[Document, ...]:
    """The same request in its other forms, most preferred first: documents whose keys an answer may stand under.

    () where `asked_form` is None, or the body has two members of one name. All but `stream` and `stream_options` is
    as in `document`; these are spelled one way for each form: absent for plain; `"stream": true` alone; the same with
    `"stream_options": {"include_usage": true}`. What clients have sent spelled otherwise (`"stream": false` where the
    route's `key.defaults` do not drop it, `"include_usage": false`) is not found, which costs a call and no more.

        want = asked_form(document.value)
        for other in other_forms(document):
            entry = peek(keyer.key(request, body, other))
            answer = entry and converted(entry, want, limit)
    """
    form = asked_form(document.value) if document.is_json and not document.duplicates else None
    return () if form is None else tuple(_spelled(document.value, _OTHERS[form]))


def converted(entry: Entry, want: Form, limit: int) -> Entry | None:
    """A stored answer in the wanted form, uncoded; None where there is no saying it so.

    entry: found under the key of one of `other_forms`. limit: bytes of body at most, decoded as well as converted.
    The fields are the same but for those about the bytes: Content-Type is replaced, validators and digests go, as
    both forms have the same address and must not be taken for each other (RFC 9110 section 8.8.3). A plain answer
    for which a plain one is wanted is not converted: its service does not do what the request said.
    """
    is_stream = bool(entry.flags & EntryFlag.STREAM)
    if entry.flags & EntryFlag.VARY or entry.status != 200 or (want is Form.PLAIN and not is_stream):
        return None
    body = decode(entry.body, entry.coding, limit)
    if body is not None and is_stream:
        body = to_plain(body)
    if body is not None and want is not Form.PLAIN:
        body = to_stream(body, include_usage=want is Form.STREAM_WITH_USAGE)
    if body is None or len(body) > limit:
        return None
    flags = entry.flags & ~EntryFlag.STREAM if want is Form.PLAIN else entry.flags | EntryFlag.STREAM
    fields = _fields(entry.fields, b"application/json" if want is Form.PLAIN else b"text/event-stream; charset=utf-8")
    return replace(entry, head=head(entry.status, entry.reason, fields), body=body, coding=b"", flags=flags)


def _spelled(value: dict[str, Any], forms: tuple[Form, ...]) -> Iterator[Document]:
    question = {name: member for name, member in value.items() if name not in ("stream", "stream_options")}
    for form in forms:
        other = dict(question)
        if form is not Form.PLAIN:
            other["stream"] = True
        if form is Form.STREAM_WITH_USAGE:
            other["stream_options"] = _WITH_USAGE
        yield Document(other, DocumentKind.JSON, canonical=dump(other))


def _fields(fields: Pairs, content_type: bytes) -> Pairs:
    kept = tuple(pair for pair in fields if pair[0].lower() not in _LEFT_OUT)
    return ((b"Content-Type", content_type), *kept)
