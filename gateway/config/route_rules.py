"""Rules over one route's settings: combinations that cannot work, and those that are rarely meant."""

import math
import re
from collections.abc import Iterator

from gateway.config.bloom_rules import check_bloom
from gateway.config.findings import Finding
from gateway.config.places import Path, Source
from gateway.config.pointers import covering, touching
from gateway.model.settings.base import Condition
from gateway.model.settings.route import Match, RouteSettings
from gateway.model.units import format_duration
from gateway.policy.keying import CREDENTIALS

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_USUAL_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
_TAG = re.compile(r"([^{}\s]|\{(/([^/~{}]|~[01])*)*\})+")
_CREDENTIALS = frozenset(name.decode() for name in CREDENTIALS)
_PER_REQUEST = frozenset(
    {
        "content-length",
        "date",
        "traceparent",
        "tracestate",
        "x-request-id",
        "x-correlation-id",
        "x-stainless-retry-count",
    }
)
_NEVER_STORED = {206: "a part of an answer", 304: "an answer without a body"}


def check_route(route: RouteSettings, path: Path, source: Source) -> Iterator[Finding]:
    """Findings about one route."""
    yield from _check_match(route.match, (*path, "match"))
    yield from _check_key(route, (*path, "key"), source)
    yield from _check_identity(route, path)
    yield from _check_times(route, path, source)
    yield from _check_conditions(route, path)
    yield from _check_batch(route, (*path, "batch"), source)
    yield from check_bloom(route, path, body=_may_have_body(route.match))
    for index, status in enumerate(route.cache.statuses):
        if status in _NEVER_STORED:
            yield Finding((*path, "cache", "statuses", index), f"{status} is {_NEVER_STORED[status]}: never stored")
    for index, tag in enumerate(route.tags):
        if not _TAG.fullmatch(tag):
            text = "expected text without blanks, with pointers in braces, such as doc:{/response/retrieved_docs/*/id}"
            yield Finding((*path, "tags", index), text)


def _check_match(match: Match, path: Path) -> Iterator[Finding]:
    for index, method in enumerate(match.method):
        if not _TOKEN.fullmatch(method):
            yield Finding((*path, "method", index), "expected a method such as POST, or a list such as [GET, POST]")
        elif method not in _USUAL_METHODS and method.upper() in _USUAL_METHODS:
            text = f"methods are case-sensitive; did you mean {method.upper()}?"
            yield Finding((*path, "method", index), text)
    for index, host in enumerate(match.host):
        if not _HOST.fullmatch(host):
            bare = host.lower().partition(":")[0]
            hint = f"; did you mean {bare}?" if bare != host and _HOST.fullmatch(bare) else ""
            text = f"expected a host in lower case and without a port, or *.example.org{hint}"
            yield Finding((*path, "host", index), text)
    if match.path == ():
        yield Finding((*path, "path"), "an empty list: it takes no request; leave it out for any path")
    for index, one in enumerate(match.paths):
        at: Path = (*path, "path") if isinstance(match.path, str) else (*path, "path", index)
        if mistake := _path_mistake(one):
            yield Finding(at, mistake)
        elif one in match.paths[:index]:
            yield Finding(at, "stated twice", warning=True)


def _path_mistake(path: str) -> str | None:
    if not path.startswith(("/", "*/")):
        return "expected a path that starts with /, or with */ for any prefix; leave it out for any path"
    if re.search(r"[\s?#]", path):
        return "expected a path without blanks, query or fragment"
    segments = path.removeprefix("*")[1:].split("/")
    stem = segments[:-1] if path.startswith("/") and segments[-1] == "*" else segments
    if any("*" in segment for segment in stem):
        return "a * stands for the rest of the path, as in /prefix/* or */suffix; for one segment write {name}"
    if path == "*/":
        return "takes all paths that end with /; leave it out for any path"
    names = [segment for segment in segments if "{" in segment or "}" in segment]
    if any(not re.fullmatch(r"\{[A-Za-z_][A-Za-z0-9_]*\}", name) for name in names):
        return "braces hold the name of one whole segment, as in /kb/{kb_id}/ask"
    return "each name in braces can stand once" if len(set(names)) < len(names) else None


def _check_key(route: RouteSettings, path: Path, source: Source) -> Iterator[Finding]:
    key = route.key
    ignore_path = (*path, "ignore")
    if "" in key.ignore:
        yield Finding(ignore_path, "the empty pointer ignores the whole body; to do so, write body: [] instead")
        return
    if key.body != "all":
        for index, pointer in enumerate(key.body):
            if hidden := covering(key.ignore, pointer):
                text = f"contradiction: key.ignore takes {hidden} out of the key"
                yield Finding((*path, "body", index), text, also=(ignore_path,))
        if source.wrote(ignore_path):
            for index, pointer in enumerate(key.ignore):
                if not touching(key.body, pointer):
                    text = "no effect: only the members in key.body are part of the key; leave out one of the two"
                    yield Finding((*ignore_path, index), text, also=((*path, "body"),))
        if not key.body and _may_have_body(route.match):
            text = "no member of the body is part of the key: all questions get the same answer"
            yield Finding((*path, "body"), text, warning=True, also=((*path, "ignore"),))
    for pointer in key.normalize:
        at = (*path, "normalize", pointer)
        if hidden := covering(key.ignore, pointer):
            yield Finding(at, f"no effect: key.ignore takes {hidden} out of the key", also=(ignore_path,))
        elif key.body != "all" and source.wrote(at) and not touching(key.body, pointer):
            yield Finding(at, "no effect: it is not among the members in key.body", also=((*path, "body"),))
    if key.query == "none" and key.query_ignore:
        yield Finding((*path, "query_ignore"), "no effect: key.query is none", also=((*path, "query"),))
    elif key.query not in ("all", "none"):
        for name in sorted(set(key.query) & set(key.query_ignore)):
            yield Finding(
                (*path, "query_ignore"), f"contradiction: {name} is in key.query, too", also=((*path, "query"),)
            )
    for index, name in enumerate(key.headers):
        if name in _PER_REQUEST:
            text = f"{name} differs in each request: there will be no hits"
            yield Finding((*path, "headers", index), text, warning=True)


def _check_identity(route: RouteSettings, path: Path) -> Iterator[Finding]:
    """`shared` is right for a service that gives everybody the same answer; not where the route says otherwise."""
    if route.key.identity != "shared":
        return
    at = (*path, "key", "identity")
    if named := sorted(_CREDENTIALS & set(route.match.headers)):
        text = f"answers for callers with one {named[0]} are shared with those with another; did you mean [{named[0]}]?"
        yield Finding(at, text, warning=True, also=((*path, "match"),))
    if named := sorted(_CREDENTIALS & set(route.key.headers)):
        text = f"not shared: {named[0]} is in key.headers; did you mean identity: [{named[0]}]?"
        yield Finding(at, text, warning=True, also=((*path, "key", "headers"),))
    if route.cache.cache_control == "ignore":
        text = "together with cache_control: ignore, answers that the upstream calls private are shared with everybody"
        yield Finding(at, text, warning=True, also=((*path, "cache", "cache_control"),))


def _check_times(route: RouteSettings, path: Path, source: Source) -> Iterator[Finding]:
    cache, empty = route.cache, route.empty
    ttl = (*path, "cache", "ttl")
    if cache.jitter.seconds > cache.ttl > 0:
        text = f"larger than ttl ({format_duration(cache.ttl)}); expected less, or a percentage such as 10%"
        yield Finding((*path, "cache", "jitter"), text, also=(ttl,))
    if math.isclose(cache.ttl, 0) and math.isclose(cache.stale_while_revalidate, 0):
        text = "0 means that no answer is ever fresh; to switch the cache off, write mode: off"
        yield Finding(ttl, text, warning=True, also=((*path, "cache", "stale_while_revalidate"),))
    l1_ttl = (*path, "cache", "l1_ttl")
    if cache.l1_ttl > cache.ttl and source.wrote(l1_ttl):
        text = f"longer than ttl ({format_duration(cache.ttl)}), which ends it"
        yield Finding(l1_ttl, text, warning=True, also=(ttl,))
    empty_ttl = (*path, "empty", "ttl")
    if not empty.when and empty.ttl != type(empty)().ttl:
        text = "no effect: empty.when says of no answer that it is empty"
        yield Finding(empty_ttl, text, warning=True, also=((*path, "empty", "when"),))
    elif not 60 <= empty.ttl <= 120:
        text = (
            f"{format_duration(empty.ttl)} is unusual; 60s to 120s shields the upstream and still notices new documents"
        )
        yield Finding(empty_ttl, text, warning=True)


def _check_conditions(route: RouteSettings, path: Path) -> Iterator[Finding]:
    lists: tuple[tuple[Path, tuple[Condition, ...]], ...] = (
        (("match", "body"), route.match.body),
        (("cache", "store_unless"), route.cache.store_unless),
        (("empty", "when"), route.empty.when),
        (("bypass_when",), route.bypass_when),
        (("stream", "when"), route.stream.when),
        (("stream", "terminal"), route.stream.terminal),
        (("stream", "error"), route.stream.error),
    )
    for name, conditions in lists:
        for index, condition in enumerate(conditions):
            at = (*path, *name, index)
            stated = condition.model_fields_set - {"pointer"}
            if condition.exists is False and stated != {"exists"}:
                yield Finding(at, "contradiction: exists: false, and a test of the value")
            if condition.in_ == ():
                yield Finding((*at, "in"), "an empty list: it never holds")


def _check_batch(route: RouteSettings, path: Path, source: Source) -> Iterator[Finding]:
    batch, key = route.batch, route.key
    if batch.items is None:
        for name in sorted(batch.model_fields_set - {"items"}):
            if getattr(batch, name) != getattr(type(batch)(), name) and source.wrote((*path, name)):
                yield Finding((*path, name), "no effect: batch.items does not say where a request holds its items")
        return
    at = (*path, "items")
    if hidden := covering(key.ignore, batch.items):
        text = f"contradiction: key.ignore takes {hidden} out of the key: all items would get one answer"
        yield Finding(at, text, also=((*path[:-1], "key", "ignore"),))
    if key.body != "all" and not touching(key.body, batch.items):
        text = "contradiction: not in key.body: different items would get one answer"
        yield Finding(at, text, also=((*path[:-1], "key", "body"),))
    if batch.list == "":
        yield Finding((*path, "list"), "expected the pointer of a member such as /inputs")


def _may_have_body(match: Match) -> bool:
    return not match.method or bool(set(match.method) - {"GET", "HEAD", "OPTIONS"})
