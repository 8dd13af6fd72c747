"""Pointer: JSON Pointer (RFC 6901), with `*` for every member or element. Values are never changed in place."""

from collections.abc import Callable
from typing import Any, Final

Path = tuple[str | int, ...]


class _Remove:
    """What a change returns to leave a member out."""


REMOVE: Final = _Remove()


class Pointer:
    """A compiled pointer.

    text: as written. wild: whether it holds a `*`, and may lead to several values.
    """

    __slots__ = ("_segments", "text", "wild")

    def __init__(self, text: str) -> None:
        self.text = text
        self._segments = tuple(s.replace("~1", "/").replace("~0", "~") for s in text.split("/")[1:])
        self.wild = "*" in self._segments

    def __repr__(self) -> str:
        return f"Pointer({self.text!r})"

    def find(self, value: Any) -> list[Any]:
        """The values it leads to in `value`, in order; without `*` none or one."""
        if self.wild:
            return [found for _, found in self.locate(value)]
        for segment in self._segments:
            if isinstance(value, dict):
                if segment not in value:
                    return []
                value = value[segment]
            elif isinstance(value, list):
                index = _index(segment, len(value))
                if index is None:
                    return []
                value = value[index]
            else:
                return []
        return [value]

    def locate(self, value: Any) -> list[tuple[Path, Any]]:
        """The values it leads to, each with where it stands: member names and element numbers."""
        found: list[tuple[Path, Any]] = [((), value)]
        for segment in self._segments:
            found = [((*path, name), child) for path, at in found for name, child in _children(at, segment)]
        return found

    def change(self, value: Any, how: Callable[[Any], Any]) -> Any:
        """A copy of `value` in which each value `v` it leads to is `how(v)`, or left out where that is REMOVE.

        A list element is not left out but becomes null, so that further pointers still count as the sender did.
        Parts that do not change are shared with `value`; where nothing changes, the result is `value` itself.
        """
        changed = _change(value, self._segments, how)
        return None if changed is REMOVE else changed


def compile_pointer(text: str) -> Pointer:
    """`/response/docs/*/id` -> Pointer. The syntax was checked by the settings."""
    return Pointer(text)


def _index(segment: str, length: int) -> int | None:
    """An array index (RFC 6901 section 4: digits, no leading zeros), or None."""
    if segment.isascii() and segment.isdigit() and len(segment) < 10 and (segment == "0" or segment[0] != "0"):
        index = int(segment)
        return index if index < length else None
    return None


def _children(value: Any, segment: str) -> list[tuple[str | int, Any]]:
    """The members or elements of `value` that one segment leads to."""
    if isinstance(value, dict):
        if segment == "*":
            return list(value.items())
        return [(segment, value[segment])] if segment in value else []
    if isinstance(value, list):
        if segment == "*":
            return list(enumerate(value))
        index = _index(segment, len(value))
        return [] if index is None else [(index, value[index])]
    return []


def _change(value: Any, segments: tuple[str, ...], how: Callable[[Any], Any]) -> Any:
    if not segments:
        return how(value)
    copy: Any = None
    for name, old in _children(value, segments[0]):
        new = _change(old, segments[1:], how)
        if new is old:
            continue
        if copy is None:
            copy = value.copy()
        if new is not REMOVE:
            copy[name] = new
        elif isinstance(copy, dict):
            del copy[name]
        else:
            copy[name] = None
    return value if copy is None else copy
