"""Tags: the surrogate keys of an answer, from the upstream's fields and from members of its JSON body."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice, product
from typing import Any

from gateway.model.fields import Fields
from gateway.policy.document import dump
from gateway.policy.pointer import compile_pointer

MOST_TAGS = 256
LONGEST_TAG = 256  # characters

_MOST_SEEN = 16 * MOST_TAGS  # repeated ones included: combinations of repeated values are many

EVERY = "*"
"""Stands for the tags of an answer that has more or longer ones than are kept: any purge by tag takes it.

To keep just some would leave answers behind that were to be purged.
"""

_FIELDS = ((b"surrogate-key", None), (b"xkey", None), (b"cache-tag", b","))
"""The upstream's fields that name tags, and what stands between two; None: white space."""

_NAMES = frozenset(name for name, _ in _FIELDS)

FIELD_NAMES = frozenset(name for name, _ in _FIELDS)
"""Lower case."""

_PLACEHOLDER = re.compile(r"\{((?:/[^{}]*)?)\}")


def tags(templates: Sequence[str], fields: Fields, document_value: Any, more: Iterable[str] = ()) -> tuple[str, ...]:
    """The tags of one answer, each once, in order; with EVERY at the end where they do not fit.

    templates: such as `doc:{/response/docs/*/id}`; with several pointers, one tag for each combination of values.
    document_value: the JSON body, None where there is none. more: what `texts` found in the events of a stream.
    """
    if not templates and not fields.any_of(_NAMES):
        return ()
    found: dict[str, None] = {}
    for seen, tag in enumerate(chain(_all(templates, fields, document_value), more)):
        if len(tag) > LONGEST_TAG or len(found) == MOST_TAGS or seen == _MOST_SEEN:
            return (*[each for each in found if each != EVERY][: MOST_TAGS - 1], EVERY)
        if tag:
            found[tag] = None
    return tuple(found)


def _all(templates: Sequence[str], fields: Fields, document_value: Any) -> Iterator[str]:
    for name, separator in _FIELDS:
        for line in fields.all(name):
            for tag in line.split(separator):
                yield tag.strip().decode("utf-8", "replace")
    yield from texts(templates, document_value)


def texts(templates: Sequence[str], value: Any) -> Iterator[str]:
    """What the templates give for one JSON value."""
    for fill in _compiled(tuple(templates)):
        yield from fill(value)


@lru_cache(maxsize=1024)
def _compiled(templates: tuple[str, ...]) -> tuple[Callable[[Any], Iterable[str]], ...]:
    return tuple(_compile(template) for template in templates)


def _compile(template: str) -> Callable[[Any], Iterable[str]]:
    """A template -> the tags it gives for a JSON value."""
    pieces = _PLACEHOLDER.split(template)
    literals, pointers = pieces[::2], [compile_pointer(text) for text in pieces[1::2]]

    def fill(value: Any) -> Iterator[str]:
        values = (map(_text, filter(_is_scalar, pointer.find(value))) for pointer in pointers)
        for combination in product(*(islice(texts, _MOST_SEEN + 1) for texts in values)):
            yield literals[0] + "".join(text + literal for text, literal in zip(combination, literals[1:], strict=True))

    return fill


def _is_scalar(value: Any) -> bool:
    return value is not None and not isinstance(value, dict | list)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dump(value).decode()
