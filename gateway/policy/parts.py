"""Parts: an answer to several items taken apart into the answers that each would have got alone, and put together.

A part's bytes leave as they came. What cannot be told apart for certain (another number of parts than of items, an
index that is there twice) is not told apart at all. Figures that a service tells for the whole call only, such as the
tokens it took, are shared out by the items' weights, so that they add up to what it said; for token ids that is exact.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import orjson

from gateway.model.settings.batch import BatchSettings
from gateway.policy.document import equal, parse
from gateway.policy.items import member_name
from gateway.policy.rawjson import Broken, Span, elements, members

_PART = b"\0"  # no member is called so: a NUL in a name is spelled as an escape


class PartForm:
    """One route's answers."""

    __slots__ = ("_at", "_bare", "_index", "_parts", "_usage", "_whole")

    def __init__(self, settings: BatchSettings) -> None:
        self._parts = _raw_name(settings.parts)
        self._bare = settings.part is not None
        self._at = self._parts if settings.part is None else _raw_name(settings.part)  # in the answer to one item
        self._index = None if settings.index is None else _raw_name(settings.index)
        self._usage = frozenset(name for text in settings.usage if (name := _raw_name(text)) is not None)
        self._whole = frozenset(name for text in settings.whole if (name := _raw_name(text)) is not None)

    def apart(self, body: bytes, weights: Sequence[int]) -> list[bytes] | None:
        """The answers to one item each, in the items' order; None where the answer is not one to so many.

        weights: one for each item, all of them above 0.
        """
        try:
            there = {} if self._parts is None else members(body)
            listed = body if self._parts is None else _slice(body, there[self._parts])
            parts = [_slice(listed, span) for span in elements(listed)]
            if len(parts) != len(weights):
                return None
            parts = self._ordered(parts)
            usages = {n: shared(orjson.loads(_slice(body, there[n])), weights) for n in self._usage if n in there}
        except (KeyError, ValueError):  # Broken, and what orjson raises
            return None
        return [self._one(body, there, part, {n: u[i] for n, u in usages.items()}) for i, part in enumerate(parts)]

    def together(self, bodies: Sequence[bytes]) -> bytes | None:
        """The answer to all, from the answers to each; None where they do not go together."""
        try:
            read = [self._read(body) for body in bodies]
            parts = b",".join([self._numbered(part, number) for number, (part, _) in enumerate(read)])
            first = read[0][1]
            names = [name for name in self._usage if name in first]
            usages = {name: total([orjson.loads(other[name]) for _, other in read]) for name in names}
            figures = {name: orjson.dumps(usage) for name, usage in usages.items()}
        except (KeyError, ValueError, TypeError):  # Broken, and what orjson raises
            return None
        if self._parts is None:
            return b"[" + parts + b"]"
        if not all(_alike(first, other, self._whole) for _, other in read):
            return None
        said = {name: figures.get(name, value) for name, value in first.items()} or {_PART: b""}
        return _object({self._parts if n == _PART else n: b"[" + parts + b"]" if n == _PART else said[n] for n in said})

    def _ordered(self, parts: list[bytes]) -> list[bytes]:
        """In the order of the items, each as if it were the first."""
        if self._index is None:
            return parts
        placed: list[bytes | None] = [None] * len(parts)
        for part in parts:
            span = members(part)[self._index]
            told = _slice(part, span)
            number = int(told) if told.isdigit() else -1
            if not 0 <= number < len(parts) or placed[number] is not None:
                raise Broken("an index that is out of range, or there twice")
            placed[number] = part[: span.start] + b"0" + part[span.end :]
        return [part for part in placed if part is not None]

    def _numbered(self, part: bytes, number: int) -> bytes:
        if self._index is None:
            return part
        span = members(part)[self._index]
        return b"%b%d%b" % (part[: span.start], number, part[span.end :])

    def _one(self, body: bytes, there: dict[bytes, Span], part: bytes, usage: dict[bytes, Any]) -> bytes:
        """The answer to one item, its members in the order of the whole one's."""
        value = part if self._bare else b"[" + part + b"]"
        if self._at is None:
            return value
        said: dict[bytes, bytes] = {}
        for name, span in there.items():
            if name == self._parts:
                said[self._at] = value
            elif name in usage:
                said[name] = orjson.dumps(usage[name])
            elif name in self._whole:
                said[name] = _slice(body, span)
        return _object(said or {self._at: value})

    def _read(self, body: bytes) -> tuple[bytes, dict[bytes, bytes]]:
        """The part in an answer to one item, and the answer's members that are kept; _PART marks the part's place."""
        if self._at is None:
            return body if self._bare else _only(body), {}
        there = members(body)
        held = _slice(body, there[self._at])
        kept = {
            _PART if name == self._at else name: _slice(body, span)
            for name, span in there.items()
            if name == self._at or name in self._usage or name in self._whole
        }
        return held if self._bare else _only(held), kept


def shared(value: Any, weights: Sequence[int]) -> list[Any]:
    """A figure, or an object of figures, in as many shares as there are weights. Integers add up to what they were."""
    if isinstance(value, dict):
        by_name = {name: shared(member, weights) for name, member in value.items()}
        return [{name: shares[number] for name, shares in by_name.items()} for number in range(len(weights))]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [value] * len(weights)
    if isinstance(value, float):
        return [value * weight / sum(weights) for weight in weights]
    # One for each first, where there is enough: no text takes no token.
    least = 1 if value >= len(weights) else 0
    above = [weight - least for weight in weights]
    sums, rest = list(accumulate(above if any(above) else weights, initial=0)), value - least * len(weights)
    return [least + rest * after // sums[-1] - rest * before // sums[-1] for before, after in pairwise(sums)]


def total(values: Sequence[Any]) -> Any:
    """Figures, or objects of figures, added up; of what is no figure, the first."""
    first = values[0]
    if isinstance(first, dict) and all(isinstance(value, dict) for value in values):
        names = dict.fromkeys(name for value in values for name in value)
        return {name: total([value[name] for value in values if name in value]) for name in names}
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return sum(values)
    return first


def _alike(one: dict[bytes, bytes], other: dict[bytes, bytes], names: frozenset[bytes]) -> bool:
    """Vectors of two models in one list would be worse than none."""
    for name in names:
        a, b = one.get(name), other.get(name)
        if a != b and (a is None or b is None or not equal(parse(a).value, parse(b).value)):
            return False
    return True


def _only(text: bytes) -> bytes:
    spans = elements(text)
    if len(spans) != 1:
        raise Broken("expected a list of one")
    return _slice(text, spans[0])


def _object(values: dict[bytes, bytes]) -> bytes:
    return b"{" + b",".join([b'"%b":%b' % pair for pair in values.items()]) + b"}"


def _slice(text: bytes, span: Span) -> bytes:
    return text[span.start : span.end]


def _raw_name(pointer: str) -> bytes | None:
    name = member_name(pointer)
    return None if name is None else name.encode()
