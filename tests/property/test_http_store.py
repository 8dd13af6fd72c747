"""The storing side of RFC 9111: whatever answers say, nothing raises, and more caution never keeps more."""

from email.utils import formatdate

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.model.entry import Windows
from gateway.model.fields import Fields, Pairs
from gateway.policy.http.dates import http_date
from gateway.policy.http.dictionary import dictionary
from gateway.policy.http.directives import governing
from gateway.policy.http.freshness import current_age, initial_age, lifetime, made
from gateway.policy.http.kept import kept
from gateway.policy.http.stale import windows
from gateway.policy.http.storable import storable
from tests.support.policy import request

NOW = 1_764_000_000.0
DIRECTIVES = st.sampled_from(
    [
        b"public", b"private", b"no-store", b"no-cache", b'private="x-user"', b'no-cache="set-cookie"', b"max-age=60",
        b"max-age=0", b"max-age=x", b"s-maxage=9", b"must-revalidate", b"must-understand", b"immutable", b'x="y',
        b"stale-if-error=9", b"stale-while-revalidate=9", b'private="vary"', b"foo",
    ]
)  # fmt: skip
CONTROL = st.lists(DIRECTIVES, max_size=5).map(b", ".join)
DATES = st.integers(-(10**5), 10**5).map(lambda offset: formatdate(NOW + offset, usegmt=True).encode())
NAMED = {
    b"Cache-Control": CONTROL,
    b"CDN-Cache-Control": CONTROL,
    b"Expires": DATES,
    b"Date": DATES,
    b"Last-Modified": DATES,
    b"Age": st.integers(-5, 10**5).map(lambda age: b"%d" % age),
    b"ETag": st.just(b'"x"'),
    b"Set-Cookie": st.just(b"sid=1"),
    b"Vary": st.sampled_from([b"accept", b"*"]),
    b"X-User": st.just(b"7"),
    b"Connection": st.sampled_from([b"close", b"x-user"]),
}
LINES = st.sampled_from(sorted(NAMED)).flatmap(
    lambda name: st.tuples(st.just(name), NAMED[name] | st.binary(max_size=30))
)
FIELDS = st.lists(LINES, max_size=7).map(tuple)
STATUSES = st.sampled_from([200, 201, 206, 301, 302, 304, 401, 404, 429, 451, 503, 599, 600])
ASKED = st.sampled_from([(), ((b"Authorization", b"Basic eDp5"),), ((b"Cache-Control", b"no-store"),)])
SPANS = st.floats(min_value=0, max_value=1e7)
MOST = Windows(60.0, 600.0)


@given(FIELDS, STATUSES, ASKED, st.floats(0, 4e9), st.floats(-10, 10))
def test_whatever_an_answer_says_it_is_judged(
    pairs: Pairs, status: int, asked: Pairs, now: float, delay: float
) -> None:
    fields = Fields(pairs)
    lasting = lifetime(fields, status, now)
    assert 0 <= lasting.seconds <= 2**31
    assert 0 <= initial_age(fields, now - delay, now) <= 2**31
    assert made(fields, now) <= 253_402_300_800
    stale = windows(fields, lasting, MOST, Windows(5.0, 5.0))
    assert 0 <= stale.revalidate <= MOST.revalidate
    assert 0 <= stale.error <= MOST.error
    storable(request(b"GET", fields=asked), status, fields, shared_identity=True, now=now)
    kept(fields, received=now)


@given(st.binary(max_size=60))
def test_whatever_bytes_stand_in_a_date_or_a_dictionary(value: bytes) -> None:
    http_date(value)
    http_date(value, NOW)
    dictionary(value)


@given(FIELDS, STATUSES, SPANS, SPANS)
def test_freshness_never_improves_while_time_goes_on(pairs: Pairs, status: int, kept_for: float, later: float) -> None:
    fields = Fields(pairs)
    lasting, initial = lifetime(fields, status, NOW), initial_age(fields, NOW, NOW)
    age = current_age(initial, NOW, NOW + kept_for)
    older = current_age(initial, NOW, NOW + kept_for + later)
    assert initial <= age <= older
    assert lasting.left(age) >= lasting.left(older)


@given(FIELDS, STATUSES, st.integers(0, 10**6), st.integers(0, 10**6))
def test_freshness_never_improves_with_age_on_arrival(pairs: Pairs, status: int, age: int, more: int) -> None:
    rest = [pair for pair in pairs if pair[0] != b"Age"]
    younger, older = (Fields([*rest, (b"Age", b"%d" % value)]) for value in (age, age + more))
    assert lifetime(younger, status, NOW) == lifetime(older, status, NOW)
    assert initial_age(younger, NOW, NOW) <= initial_age(older, NOW, NOW)


@given(FIELDS, STATUSES, ASKED, st.booleans(), st.sampled_from([b"no-store", b"private", b"no-cache"]))
@example(((b"Cache-Control", b'x="y'),), 200, (), True, b"no-store")
def test_forbidding_directives_make_nothing_storable(
    pairs: Pairs, status: int, asked: Pairs, shared: bool, directive: bytes
) -> None:
    asking = request(b"GET", fields=asked)
    before = storable(asking, status, Fields(pairs), shared_identity=shared, now=NOW)
    name = b"CDN-Cache-Control" if governing(Fields(pairs)).targeted else b"Cache-Control"
    after = storable(asking, status, Fields((*pairs, (name, directive))), shared_identity=shared, now=NOW)
    assert before is None or after is not None


@given(FIELDS, STATUSES)
def test_what_is_forbidden_is_never_stored(pairs: Pairs, status: int) -> None:
    fields = Fields(pairs)
    directives = governing(fields)
    if directives.private or (directives.has(b"no-store") and not directives.has(b"must-understand")):
        assert storable(request(b"GET"), status, fields, shared_identity=False, now=NOW) is not None
    if directives.no_cache:
        assert lifetime(fields, status, NOW).seconds == 0
        assert windows(fields, lifetime(fields, status, NOW), MOST, MOST)[:2] == (0, 0)


@given(FIELDS, STATUSES)
def test_credentials_and_shared_keys_only_ever_forbid_more(pairs: Pairs, status: int) -> None:
    fields, bearing = Fields(pairs), request(b"GET", fields=((b"Authorization", b"x"),))
    alone = storable(request(b"GET"), status, fields, shared_identity=True, now=NOW)
    if alone is not None:
        assert storable(bearing, status, fields, shared_identity=True, now=NOW) is not None
    if storable(bearing, status, fields, shared_identity=False, now=NOW) is not None:
        assert storable(bearing, status, fields, shared_identity=True, now=NOW) is not None


@given(FIELDS, STATUSES)
def test_stored_fields_hold_nothing_that_is_withheld_and_say_the_same_when_read_again(
    pairs: Pairs, status: int
) -> None:
    fields = Fields(pairs)
    stored = kept(fields, received=NOW)
    again, names = Fields(stored), {name.lower() for name, _ in stored}
    assert not names & (governing(fields).withheld | {b"connection", b"age", b"set-cookie"})
    assert kept(again, received=NOW) == stored
    if not any(name == b"Connection" for name, _ in pairs):
        assert repr(governing(again)) == repr(governing(fields))
        assert lifetime(again, status, NOW) == lifetime(fields, status, NOW)


@given(FIELDS, CONTROL)
def test_a_targeted_field_that_cannot_be_read_is_as_none(pairs: Pairs, control: bytes) -> None:
    plain = Fields([pair for pair in pairs if pair[0] != b"CDN-Cache-Control"])
    broken = Fields((*plain, (b"CDN-Cache-Control", control + b", =")))
    assert repr(governing(broken)) == repr(governing(plain))
    assert not governing(broken).targeted


@given(st.integers(-30_000_000_000, 253_402_300_799))  # formatdate writes years before 1000 with fewer digits
def test_each_moment_is_read_as_it_was_written(moment: int) -> None:
    assert http_date(formatdate(moment, usegmt=True).encode()) == moment


@given(st.integers(0, 99), st.floats(0, 8e9))
def test_years_of_two_digits_are_within_50_years_ahead_and_50_back(year: int, now: float) -> None:
    found = http_date(b"Monday, 15-Jun-%02d 12:00:00 GMT" % year, now)
    assert found is not None
    century = 100 * 365.2425 * 86_400
    assert now - century / 2 - 2 * 86_400 <= found <= now + century / 2
