"""Pointers: does what one leads to hold what another leads to? For rules that compare settings."""


def _segments(pointer: str) -> list[str]:
    return pointer.split("/")[1:]


def _covers(outer: str, inner: str) -> bool:
    """Is whatever `inner` leads to inside what `outer` leads to?"""
    wide, narrow = _segments(outer), _segments(inner)
    return len(wide) <= len(narrow) and all(a in (b, "*") for a, b in zip(wide, narrow, strict=False))


def covering(pointers: tuple[str, ...], inner: str) -> str | None:
    """The first of them that leads to, or around, what `inner` leads to."""
    return next((outer for outer in pointers if _covers(outer, inner)), None)


def touching(pointers: tuple[str, ...], pointer: str) -> bool:
    """Whether one of them may lead to, into or around what `pointer` leads to."""
    ours = _segments(pointer)
    return any(all(a == b or "*" in (a, b) for a, b in zip(ours, _segments(p), strict=False)) for p in pointers)
