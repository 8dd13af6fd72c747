"""Fields: the header or trailer section of one message, as it came.

Order, spelling and repetition are kept (RFC 9110 section 5.2 lets intermediaries combine lines; we never do).
Names and values are bytes, since both may hold octets that are in no encoding.
"""

from collections.abc import Iterable, Iterator

Pairs = tuple[tuple[bytes, bytes], ...]


class Fields:
    """An immutable field section; look-ups ignore the case of names.

    A miss looks forty times into one, so each look-up spares itself the call once the index is there (bench/miss.py).
    """

    __slots__ = ("_index", "pairs")

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.pairs: Pairs = tuple(pairs)
        self._index: dict[bytes, list[bytes]] | None = None

    def _lines(self) -> dict[bytes, list[bytes]]:
        index: dict[bytes, list[bytes]] = {}
        for name, value in self.pairs:
            index.setdefault(name.lower(), []).append(value)
        self._index = index
        return index

    def get(self, name: bytes) -> bytes | None:
        """The first line's value, or None. `name` in lower case."""
        lines = (self._index or self._lines()).get(name)
        return lines[0] if lines else None

    def all(self, name: bytes) -> list[bytes]:
        """Each line's value, in order. `name` in lower case."""
        return (self._index or self._lines()).get(name, [])

    def joined(self, name: bytes) -> bytes | None:
        """All lines as one list value (RFC 9110 section 5.3), or None. `name` in lower case."""
        lines = (self._index or self._lines()).get(name)
        if lines is None:
            return None
        return lines[0] if len(lines) == 1 else b", ".join(lines)

    def __contains__(self, name: bytes) -> bool:
        return name in (self._index or self._lines())

    def any_of(self, names: frozenset[bytes]) -> bool:
        """Whether one of these is there. `names` in lower case."""
        return not names.isdisjoint(self._index or self._lines())

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __repr__(self) -> str:
        return f"Fields({list(self.pairs)!r})"
