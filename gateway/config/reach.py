"""Reach: does an earlier route take every request of a later one? Says so only where it is plain."""

import re
from collections.abc import Iterator, Sequence

from gateway.model.settings.route import Match


def never_reached(matches: Sequence[Match]) -> Iterator[tuple[int, int]]:
    """(later, earlier) for each match that the first such earlier one leaves nothing to."""
    # As text, since to Python `is: 1` and `is: true` are equal; made once, since each pair is looked at.
    bodies = [frozenset(map(repr, match.body)) for match in matches]
    for later, match in enumerate(matches):
        for earlier in range(later):
            if bodies[earlier] <= bodies[later] and _takes_heads(matches[earlier], match):
                yield later, earlier
                break


def _takes_heads(earlier: Match, later: Match) -> bool:
    """Whatever their bodies say."""
    return (
        _names_cover(earlier.method, later.method)
        and _paths_cover(earlier.paths, later.paths)
        and _hosts_cover(earlier.host, later.host)
        and _headers_cover(earlier.headers, later.headers)
    )


def _names_cover(earlier: Sequence[str], later: Sequence[str]) -> bool:
    return not earlier or (bool(later) and set(later) <= set(earlier))


def _hosts_cover(earlier: Sequence[str], later: Sequence[str]) -> bool:
    if not earlier:
        return True
    return bool(later) and all(any(_host_covers(wide, host) for wide in earlier) for host in later)


def _host_covers(wide: str, host: str) -> bool:
    """`*.example.org` covers `a.example.org` and `*.b.example.org`, not `example.org`."""
    return wide == host or (wide.startswith("*.") and host.removeprefix("*").endswith(wide[1:]) and host != wide[2:])


def _headers_cover(earlier: dict[str, re.Pattern[str]], later: dict[str, re.Pattern[str]]) -> bool:
    return all(name in later and later[name].pattern == pattern.pattern for name, pattern in earlier.items())


def _paths_cover(earlier: Sequence[str], later: Sequence[str]) -> bool:
    if not earlier:
        return True
    return bool(later) and all(any(_path_covers(wide, path) for wide in earlier) for path in later)


def _path_covers(earlier: str, later: str) -> bool:
    if earlier in (later, "/*"):
        return True
    wide, narrow = earlier.split("/"), later.split("/")
    if wide[0] == "*":  # its last segments are all that count
        wide = wide[1:]
        narrow = narrow[1:]
        if len(narrow) < len(wide):
            return False
        narrow = narrow[len(narrow) - len(wide) :]
        return _segments_cover(wide, narrow)
    if narrow[0] == "*":
        return False
    if wide[-1] == "*":
        wide = wide[:-1]
        if len(narrow) <= len(wide):
            return False
        return _segments_cover(wide, narrow[: len(wide)])
    return len(wide) == len(narrow) and _segments_cover(wide, narrow)


def _segments_cover(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    """One by one. A `*` at the narrow one's end may be any number of segments: only a `*` covers it."""
    if "*" in narrow:
        return False
    return all(
        ours == theirs or (_is_variable(ours) and theirs != "") for ours, theirs in zip(wide, narrow, strict=True)
    )


def _is_variable(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")
