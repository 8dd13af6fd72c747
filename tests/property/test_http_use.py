"""The using side of RFC 9111: conditions and ranges say nothing that the whole answer would not, and nothing raises."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.combining import Fragment, combine, fragment, held
from gateway.policy.http.conditional import (
    Verdict,
    entity_tag,
    evaluate,
    is_for_the_origin,
    not_modified_fields,
    range_applies,
)
from gateway.policy.http.invalidation import SAFE, invalidated
from gateway.policy.http.ranges import Instead, Part, Spec, parse, partial, requested, satisfy
from gateway.policy.http.reuse import Fresh, MustValidate, StaleWhileRevalidate, only_if_cached, reuse, stale_on_error
from gateway.policy.http.uri import normalized, normalized_path, resolved, target_uri
from gateway.policy.http.validation import HeadVerdict, conditions, freshened, head_freshens, selects
from gateway.policy.http.vary import ABSENT, StoredVariant, choose, selecting
from gateway.policy.http.vary import normalized as spelled
from tests.support.policy import entry, request

NAMES = [
    b"Cache-Control", b"CDN-Cache-Control", b"Pragma", b"Vary", b"ETag", b"Last-Modified", b"Date", b"Range",
    b"If-Range", b"Content-Range", b"If-Match", b"If-None-Match", b"If-Modified-Since", b"If-Unmodified-Since",
    b"Accept", b"Accept-Encoding", b"Accept-Language", b"Location", b"Content-Location", b"Content-Length",
    b"Connection", b"Age",
]  # fmt: skip
DATES = [b"Sun, 06 Nov 1994 08:49:%02d GMT" % second for second in (36, 37, 38)]
LIKELY = [
    *DATES, b'"1"', b'W/"1"', b'"2", "1"', b"*", b"no-cache", b"max-age=5", b"max-stale", b"must-revalidate",
    b"s-maxage=1", b'private="x"', b"bytes=0-5,-2", b"bytes 0-1/2", b"Accept-Encoding, Accept", b"gzip;q=0.5, br",
    b"/a?b", b"//h/%7e", b'max-age=9, no-cache="etag"', b"stale-while-revalidate=9", b"immutable",
]  # fmt: skip
OCTETS = st.integers(0, 255).filter(lambda octet: octet not in (10, 13)).map(lambda octet: bytes([octet]))
VALUES = st.sampled_from(LIKELY) | st.lists(OCTETS, max_size=20).map(b"".join) | st.text(
    "\"W/*,;=-. %azAZ019[]:?#", max_size=30
).map(str.encode)  # fmt: skip
FIELDS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6).map(tuple)
TAGS = st.sampled_from([b'"1"', b'"2"', b'W/"1"', b'W/"2"', b'""', b'"a,b"'])
TIMES = st.floats(min_value=0, max_value=1e7)
METHODS = st.sampled_from([b"GET", b"HEAD", b"POST", b"DELETE", b"X"])
PATHS = st.text("/.%?#:@aZ0127eEfF~-_[] é", max_size=20).map(str.encode)
ORDER = [Fresh, StaleWhileRevalidate, MustValidate]


# Conditions.


@given(TAGS, st.lists(TAGS, max_size=4), st.sampled_from([b"GET", b"HEAD"]))
def test_a_client_that_has_the_stored_answer_hears_so_and_nobody_else_does(
    tag: bytes, known: list[bytes], method: bytes
) -> None:
    asked = request(method, fields=((b"If-None-Match", b", ".join(known)),))
    has_it = tag.removeprefix(b"W/") in {each.removeprefix(b"W/") for each in known}
    assert evaluate(asked, Fields(((b"ETag", tag),))) is (Verdict.NOT_MODIFIED if has_it else Verdict.PROCEED)


@given(st.sampled_from(DATES), st.sampled_from(DATES))
def test_a_copy_of_one_date_is_good_as_long_as_nothing_is_newer(changed: bytes, copied: bytes) -> None:
    asked = request(b"GET", fields=((b"If-Modified-Since", copied),))
    verdict = evaluate(asked, Fields(((b"Last-Modified", changed),)))
    assert verdict is (Verdict.NOT_MODIFIED if changed <= copied else Verdict.PROCEED)


@given(FIELDS)
def test_what_is_asked_for_by_our_own_conditions_is_found_unchanged(fields: Pairs) -> None:
    stored = StoredVariant(Fields(fields))
    asked = request(b"GET", fields=conditions([stored], request(b"GET")))
    if asked.fields:
        assert evaluate(asked, stored.fields) is Verdict.NOT_MODIFIED
        told = Fields(not_modified_fields(stored.fields))
        assert selects([stored], request(b"GET"), told) == (0,)
        assert Fields(freshened(stored.fields, told)).joined(b"etag") == stored.fields.joined(b"etag")


STEPS = st.lists(st.tuples(st.sampled_from([b"gzip", b"br"]), st.booleans(), st.booleans()), max_size=12)


def answer_of(kind: str, coding: bytes, version: int) -> Fields:
    """What an origin sends of a version of one of its variants; `alike`: with one weak tag for both codings."""
    changed = (b"Last-Modified", b"Sun, 06 Nov 1994 08:49:%02d GMT" % version)
    tag = {
        "strong": b'"%b-%d"' % (coding, version),
        "weak": b'W/"%b-%d"' % (coding, version),
        "alike": b'W/"%d"' % version,
    }
    tagged = ((b"ETag", tag[kind]),) if kind in tag else ()
    return Fields((changed, *tagged, (b"Vary", b"Accept-Encoding")))


@given(st.sampled_from(["strong", "weak", "alike", "date"]), st.booleans(), STEPS)
def test_validated_answers_are_what_the_origin_would_have_said(
    kind: str, silent: bool, steps: list[tuple[bytes, bool, bool]]
) -> None:
    """An origin whose two variants change, a cache that validates each use. silent: a 304 bears nothing."""
    versions = dict.fromkeys((b"gzip", b"br"), 0)
    stored: list[tuple[StoredVariant, tuple[bytes, int]]] = []
    for coding, changes, drops in steps:
        versions[coding] += changes
        said, body = answer_of(kind, coding, versions[coding]), (coding, versions[coding])
        of = request(b"GET", fields=((b"Accept-Encoding", coding),))
        variants = [variant for variant, _ in stored]
        asked = request(b"GET", fields=(*of.fields.pairs, *conditions(variants, of)))
        named: tuple[int, ...] = ()
        if evaluate(asked, said) is Verdict.NOT_MODIFIED:
            named = selects(variants, of, Fields() if silent else Fields(not_modified_fields(said)))
        if not named:  # a new answer, or none to this question: then the origin is asked without conditions
            of_it = selecting((b"accept-encoding",), of)
            stored = [(each, kept) for each, kept in stored if each.selecting != of_it]
            stored.append((StoredVariant(said, of_it), body))
        chosen = choose([variant for variant, _ in stored], of) if not named else named[0]
        assert chosen is not None
        variant, kept = stored[chosen]
        assert kept == body
        known = request(b"GET", fields=conditions([variant], of))
        assert evaluate(known, said) is Verdict.NOT_MODIFIED
        if drops:
            stored.pop(chosen)


@given(FIELDS, FIELDS)
def test_a_stored_body_keeps_what_describes_it(before: Pairs, answer: Pairs) -> None:
    body = ((b"Content-Type", b"a/b"), (b"Content-Encoding", b"gzip"), (b"Content-Length", b"7"))
    of_another = tuple((name, b"other") for name, _ in body)
    after = Fields(freshened(Fields((*before, *body)), Fields((*answer, *of_another))))
    assert [after.get(name.lower()) for name, _ in body[:2]] == [value for _, value in body[:2]]
    assert freshened(after, Fields((*answer, *of_another))) == after.pairs


# Ranges.


SPECS = st.lists(
    st.builds(Spec, st.none(), st.integers(0, 400))
    | st.builds(Spec, st.integers(0, 400), st.none())
    | st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda ends: Spec(min(ends), max(ends))),
    min_size=1,
    max_size=6,
).map(tuple)


def wanted(specs: tuple[Spec, ...], size: int) -> set[int]:
    """The offsets that ranges name in a body of so many bytes."""
    offsets: set[int] = set()
    for first, last in specs:
        if first is None:
            offsets.update(range(max(0, size - (last or 0)), size))
        else:
            offsets.update(range(first, size if last is None else min(last + 1, size)))
    return offsets


@given(SPECS, st.integers(0, 300))
def test_parts_hold_what_was_asked_for_and_nothing_twice(specs: tuple[Spec, ...], size: int) -> None:
    parts = satisfy(specs, size)
    offsets = wanted(specs, size)
    if parts is Instead.WHOLE:
        return
    if isinstance(parts, Instead):
        assert not offsets
        return
    sent = [offset for part in parts for offset in part.span]
    assert len(sent) == len(set(sent))
    assert offsets <= set(sent) <= set(range(size))


@given(SPECS)
def test_ranges_that_are_written_are_read_again(specs: tuple[Spec, ...]) -> None:
    spelled_out = [
        b"%b-%b" % (b"" if first is None else b"%d" % first, b"" if last is None else b"%d" % last)
        for first, last in specs
    ]
    assert parse(b"bytes=" + b",".join(spelled_out)) == specs


@given(st.binary(min_size=1, max_size=300), st.data())
def test_parts_that_come_one_by_one_give_the_body_in_any_order(body: bytes, data: st.DataObject) -> None:
    inner = data.draw(st.sets(st.integers(1, len(body)), max_size=5))
    cuts = sorted({0, len(body)} | (inner - {len(body)}))
    pieces = list(pairwise(cuts))
    more = data.draw(st.lists(st.sampled_from(pieces), max_size=3))
    stored: bytes | tuple[Fragment, ...] = ()
    for start, end in data.draw(st.permutations([*pieces, *more])):
        whole = Fields(((b"ETag", b'"1"'),))
        answer = partial(whole, body, (Part(start, end - 1),), b"x")
        part = fragment(206, Fields(answer.fields), answer.body)
        assert part is not None
        if isinstance(stored, tuple):
            stored = combine(stored, part)
            assert isinstance(stored, bytes) or held(stored, Part(start, end - 1)) == body[start:end]
    assert stored == body


@given(
    st.lists(st.builds(Fragment, st.integers(0, 9), st.binary(min_size=1, max_size=6), st.none() | st.just(10), TAGS))
)
def test_the_newest_part_is_always_held_as_it_came(parts: list[Fragment]) -> None:
    stored: bytes | tuple[Fragment, ...] = ()
    for part in parts:
        stored = combine(stored if isinstance(stored, tuple) else (), part)
        if isinstance(stored, bytes):
            assert stored[part.first : part.end] == part.body
        else:
            assert held(stored, Part(part.first, part.end - 1)) == part.body
            assert {each.tag for each in stored} == {part.tag}


@given(st.lists(st.tuples(st.sampled_from(["1", "2"]), st.integers(0, 9), st.integers(1, 10)), min_size=1, max_size=8))
def test_parts_of_two_representations_are_never_mixed(cuts: list[tuple[str, int, int]]) -> None:
    bodies = {"1": b"0123456789", "2": b"0123abcdef"}  # alike where they begin, as two versions are
    stored: bytes | tuple[Fragment, ...] = ()
    for which, first, length in cuts:
        body = bodies[which]
        part = Fragment(first, body[first : first + length], len(body), b'"%b"' % which.encode())
        stored = combine(stored if isinstance(stored, tuple) else (), part)
        if isinstance(stored, bytes):
            assert stored == body
        else:
            assert all(body[each.first : each.end] == each.body for each in stored)


# Reuse.


@given(FIELDS, FIELDS, TIMES, TIMES, st.floats(min_value=0, max_value=1e6), st.floats(min_value=0, max_value=1e6))
def test_use_only_gets_worse_while_time_goes_on(
    asked: Pairs,
    said: Pairs,
    now: float,
    later: float,
    fresh: float,
    window: float,
) -> None:
    stored = entry(
        stored_at=0.0,
        fresh_until=fresh,
        stale_while_until=fresh + window,
        stale_error_until=fresh + window,
        fields=said,
    )
    of = request(b"GET", fields=asked)
    early, late = (reuse(of, stored, moment) for moment in (now, now + later))
    assert ORDER.index(type(early)) <= ORDER.index(type(late))
    assert stale_on_error(of, stored, now) or not stale_on_error(of, stored, now + later)
    if not isinstance(early, MustValidate):
        assert stale_on_error(of, stored, now) or isinstance(early, StaleWhileRevalidate)


@given(FIELDS, st.floats(min_value=900, max_value=2000))
def test_an_ordinary_hit_is_one_by_all_the_rules(said: Pairs, now: float) -> None:
    stored, saying = entry(fields=said), request(b"GET", fields=((b"Cache-Control", b"unknown"),))
    assert reuse(request(b"GET"), stored, now) == reuse(saying, stored, now)


@given(
    FIELDS,
    FIELDS,
    st.floats(min_value=900, max_value=2000),
    st.sampled_from([b"no-cache", b"must-revalidate", b"proxy-revalidate"]),
)
def test_a_directive_more_in_the_answer_never_makes_it_more_usable(
    asked: Pairs, said: Pairs, now: float, more: bytes
) -> None:
    targeted = tuple(pair for pair in said if not pair[0].startswith(b"CDN"))
    of = request(b"GET", fields=asked)
    before = reuse(of, entry(fields=targeted), now)
    after = reuse(of, entry(fields=((b"Cache-Control", more), *targeted)), now)
    assert ORDER.index(type(before)) <= ORDER.index(type(after))
    assert not isinstance(after, StaleWhileRevalidate)
    if more == b"no-cache":
        assert isinstance(after, MustValidate)
        assert not stale_on_error(of, entry(fields=((b"Cache-Control", more), *targeted)), now)


# URIs and Vary.


@given(PATHS)
def test_normalisation_is_idempotent(path: bytes) -> None:
    assert normalized_path(normalized_path(path)) == normalized_path(path)
    uri = normalized(b"HTTP://H:80/" + path)
    if uri is not None:
        assert normalized(uri) == uri
    named = resolved(path, b"http://h/a/b")
    assert named is None or normalized(named) == named


PIECES = st.sampled_from([b"/", b"/", b".", b"..", b"%2e", b"%2E", b"%2f", b"%7e", b"%41", b"%zz", b"a", b"\xc3\xa9"])


@given(st.lists(PIECES, max_size=10).map(lambda pieces: b"/" + b"".join(pieces)))
def test_a_path_keeps_its_meaning(path: bytes) -> None:
    """Dot segments and delimiters are neither made nor taken away."""
    normal = normalized_path(path)
    assert normal.split(b"/")[0] == b""
    assert len(normal.split(b"/")) == len(path.split(b"/"))
    assert [part in (b".", b"..") for part in normal.split(b"/")] == [
        part in (b".", b"..") for part in path.split(b"/")
    ]


@given(st.sampled_from([b"accept", b"accept-encoding", b"accept-language", b"accept-charset", b"x-any"]), VALUES)
def test_spelling_is_idempotent_and_never_that_of_an_absent_field(name: bytes, value: bytes) -> None:
    once = spelled(name, value)
    assert once != ABSENT
    assert spelled(name, once[1:]) == once


@given(FIELDS, FIELDS, FIELDS)
def test_whoever_asks_the_same_gets_what_was_stored_for_it(
    asked: Pairs,
    others: Pairs,
    vary: Pairs,
) -> None:
    names = (b"accept", b"accept-encoding")
    stored = Fields(((b"Vary", b"Accept, Accept-Encoding"),))
    mine, other = request(b"GET", fields=asked), request(b"GET", fields=others)
    variant = StoredVariant(stored, selecting(names, mine))
    assert choose([variant], mine) == 0
    assert (choose([variant], other) == 0) is (selecting(names, mine) == selecting(names, other))
    assert choose([StoredVariant(Fields(((b"Vary", b"*"), *vary)))], mine) is None


# Whatever comes.


@given(METHODS, st.binary(max_size=30), FIELDS, FIELDS, st.integers(100, 599), TIMES)
def test_no_bytes_make_anything_raise(
    method: bytes,
    target: bytes,
    asked: Pairs,
    said: Pairs,
    status: int,
    now: float,
) -> None:
    of = request(method, b"/" + target, asked, authority=target)
    answer = Fields(said)
    stored = entry(fields=said)
    reuse(of, stored, now)
    stale_on_error(of, stored, now)
    only_if_cached(of)
    evaluate(of, answer, status, now)
    range_applies(of, answer)
    is_for_the_origin(of)
    not_modified_fields(answer)
    variants = [StoredVariant(answer), StoredVariant(Fields(asked))]
    conditions(variants, of, union=True)
    assert set(selects(variants, of, answer)) <= {0, 1}
    assert isinstance(head_freshens(Fields(asked), answer, status=status, length=3), HeadVerdict)
    freshened(Fields(asked), answer)
    choose(variants, of)
    specs = requested(of)
    if specs is not None:
        satisfy(specs, 100)
    fragment(206, answer, b"12")
    void = invalidated(method, status, target_uri(of), answer)
    assert bool(void) is (method not in SAFE and 200 <= status < 400)
    entity_tag(answer)
