from typing import Any

import pytest

from gateway.model.entry import Entry, EntryFlag
from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Reason
from gateway.policy import variants
from gateway.policy.http.index import lines, pick
from gateway.policy.http.keys import HttpKeyer
from gateway.policy.http.rules import HttpRules
from gateway.policy.storing import Skip, Store
from tests.support.entries import make_key
from tests.support.policy import entry, request, route

NOW = 1_764_000_000.0
FRESH = (b"Cache-Control", b"max-age=60")
BORNE = {
    "authorization": (b"Authorization", b"Bearer a"),
    "cookie": (b"Cookie", b"s=1"),
    "x-api-key": (b"X-Api-Key", b"k"),
}


def rules(*, key: dict[str, Any] | None = None, tags: tuple[str, ...] = (), **cache: Any) -> HttpRules:
    made = route(cache={"rules": "http", **cache}, key=key or {}, tags=tags)
    return HttpRules(made, HttpKeyer(made))


def verdict(fields: Pairs = (FRESH,), status: int = 200, body: bytes = b"{}", **how: Any) -> Store | Skip:
    asked = request(b"GET", b"/a", how.pop("asked", ()))
    took = how.pop("took", 0.0)
    return rules(**how).whole(asked, status, Fields(fields), body, NOW, lambda: 0.5, took=took)


def stored(fields: Pairs = (FRESH,), **how: Any) -> Store:
    found = verdict(fields, **how)
    assert isinstance(found, Store), found
    return found


def skipped(fields: Pairs = (FRESH,), **how: Any) -> Reason | None:
    found = verdict(fields, **how)
    return found.reason if isinstance(found, Skip) else None


@pytest.mark.parametrize("name", BORNE)
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"max-age=60", Reason.AUTHORIZATION),
        (b"max-age=60, public", None),
        (b"s-maxage=60", None),
        (b"max-age=60, proxy-revalidate", Reason.AUTHORIZATION),
    ],
)
def test_section_3_5_answers_to_those_who_bear_credentials(name: str, said: bytes, reason: Reason | None) -> None:
    assert skipped(((b"Cache-Control", said),), asked=(BORNE[name],)) is reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [("authorization", None), ("cookie", Reason.AUTHORIZATION), ("x-api-key", Reason.AUTHORIZATION)],
)
def test_section_3_5_must_revalidate_speaks_of_authorization_alone(name: str, reason: Reason | None) -> None:
    said = ((b"Cache-Control", b"max-age=60, must-revalidate"),)
    assert skipped(said, asked=(BORNE[name],)) is reason


@pytest.mark.parametrize(
    ("name", "reason"), [("authorization", Reason.AUTHORIZATION), ("cookie", None), ("x-api-key", None)]
)
def test_section_3_5_alone_counts_where_the_route_says_shared(name: str, reason: Reason | None) -> None:
    assert skipped(asked=(BORNE[name],), key={"identity": "shared"}) is reason


@pytest.mark.parametrize("name", BORNE)
def test_section_3_5_what_is_stored_for_all_may_go_to_those_who_bear_credentials(name: str) -> None:
    bearer = request(b"GET", b"/a", (BORNE[name],))
    plain, public = entry(fields=(FRESH,)), entry(fields=((b"Cache-Control", b"public, max-age=60"),))
    assert not rules().may_have(bearer, plain)
    assert rules().may_have(bearer, public)
    assert rules().may_have(request(b"GET", b"/a"), plain)


def test_rfc_9213_a_targeted_field_says_who_may_have_it() -> None:
    fields = ((b"Cache-Control", b"public, max-age=60"), (b"CDN-Cache-Control", b"max-age=60"))
    assert not rules().may_have(request(b"GET", b"/a", (BORNE["cookie"],)), entry(fields=fields))
    assert rules(targets=()).may_have(request(b"GET", b"/a", (BORNE["cookie"],)), entry(fields=fields))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param((FRESH,), None, id="3-fresh"),
        pytest.param(((b"Cache-Control", b"no-store"),), Reason.NO_STORE, id="5.2.2.5-no-store"),
        pytest.param((FRESH, (b"Content-Type", b"text/event-stream")), Reason.STREAM, id="a-stream-has-no-end"),
        pytest.param((FRESH, (b"Content-Length", b"4097")), Reason.ANSWER_TOO_LARGE, id="too-large"),
        pytest.param((FRESH, (b"Content-Length", b"4096")), None, id="as-large-as-may-be"),
        pytest.param((FRESH, (b"Content-Length", b"9" * 40)), Reason.ANSWER_TOO_LARGE, id="absurdly-large"),
        pytest.param((FRESH, (b"Vary", b"X-Forwarded-For, Accept")), Reason.VARY_STAR, id="4.1-varies-on-what-we-tell"),
        pytest.param((FRESH, (b"Vary", b"forwarded")), Reason.VARY_STAR, id="4.1-varies-on-forwarded"),
        pytest.param(((b"Expires", b"Thursday, 18-Aug-50 02:01:18 GMT"),), None, id="9110-5.6.7-two-digit-year"),
        pytest.param((FRESH, (b"Vary", b"*")), Reason.VARY_STAR, id="4.1-star"),
    ],
)
def test_what_the_head_already_tells_is_not_shared_with_those_who_wait(fields: Pairs, reason: Reason | None) -> None:
    found = rules(max_body=4096).head(request(b"GET", b"/a"), 200, Fields(fields), NOW)
    assert (found.reason if found is not None else None) is reason
    assert found is None or not found.shareable


def test_a_body_larger_than_was_said_is_not_stored() -> None:
    assert skipped(body=b"x" * 4097, max_body=4096) is Reason.ANSWER_TOO_LARGE


def test_what_is_stored_has_its_lifetime_its_age_its_coding_and_its_tags() -> None:
    fields = (FRESH, (b"Age", b"7"), (b"Content-Encoding", b"GZip"), (b"Surrogate-Key", b"a b"), (b"X-Any", b"1"))
    found = stored(fields, took=2.0)
    assert found.lifetimes.initial_age == 9.0
    assert found.lifetimes.fresh == 51.0
    assert found.coding == b"gzip"
    assert set(found.tags) == {"a", "b"}
    assert found.flags == EntryFlag.NONE
    assert Fields(found.fields).get(b"x-any") == b"1"
    assert Fields(found.fields).get(b"age") is None


def test_section_4_2_1_the_routes_figures_only_bound_it() -> None:
    fields = ((b"Cache-Control", b"max-age=600, stale-while-revalidate=500, stale-if-error=500"),)
    life = stored(fields, ttl="1m", stale_while_revalidate="10s", stale_if_error="20s").lifetimes
    assert (life.fresh, life.stale_while_revalidate, life.stale_if_error) == (60.0, 10.0, 20.0)
    assert stored(fields).lifetimes.fresh == 600.0


@pytest.mark.parametrize("name", [b"ETag", b"Last-Modified"])
def test_section_4_3_what_can_be_validated_is_kept_for_it(name: bytes) -> None:
    value = b'"x"' if name == b"ETag" else b"Mon, 18 Aug 2025 02:01:18 GMT"
    assert stored((FRESH, (name, value))).lifetimes.validated == 86_400.0
    assert stored().lifetimes.validated == 0.0


@pytest.mark.parametrize(
    ("how", "kept"), [("refuse", None), ("strip", False), ("keep", True)]
)  # fmt: skip
def test_section_7_3_cookies_by_the_routes_choice(how: str, kept: bool | None) -> None:
    found = verdict((FRESH, (b"Set-Cookie", b"a=1")), set_cookie=how)
    if kept is None:
        assert found == Skip(Reason.SET_COOKIE, shareable=False)
    else:
        assert isinstance(found, Store)
        assert (b"set-cookie" in Fields(found.fields)) is kept


def test_section_4_1_an_answer_for_one_origin_varies_on_it() -> None:
    allowed = Fields([(b"Access-Control-Allow-Origin", b"https://a.example")])
    assert rules().vary(allowed) == (b"origin",)
    assert rules().vary(Fields([(b"Access-Control-Allow-Origin", b" * ")])) == ()


def test_section_4_1_one_that_says_nothing_beside_those_that_vary_varies_like_them() -> None:
    assert rules().vary(Fields([]), (b"accept",)) == (b"accept",)
    assert rules().vary(Fields([(b"Vary", b"Foo")]), (b"accept",)) == (b"foo",)


def test_section_4_1_the_record_leads_to_the_variant() -> None:
    asked = request(b"GET", b"/a", ((b"Accept", b"a/b"),))
    record = rules().marker(None, make_key(1), entry(), (b"accept",), asked)
    assert variants.names(record) == (b"accept",)
    assert pick(lines(record), asked) == make_key(1)


class TestA304:
    """What a validation makes of what is stored (section 4.3.4)."""

    OLD = entry(
        now=1000.0, fields=((b"Cache-Control", b"max-age=60"), (b"ETag", b'"x"'), (b"X-Any", b"1")), fresh_until=1060.0
    )

    def freshened(self, *fields: tuple[bytes, bytes], took: float = 0.0, **cache: Any) -> Entry | None:
        return rules(**cache).freshened(self.OLD, Fields(fields), NOW, took, 9)

    def test_makes_it_fresh_again_from_now_on(self) -> None:
        fresh = self.freshened((b"ETag", b'"x"'))
        assert fresh is not None
        assert fresh.fresh_until == NOW + 60
        assert fresh.stored_at == NOW
        assert fresh.version == 9
        assert fresh.body == self.OLD.body
        assert fresh.stale.validated == 86_400.0

    def test_brings_its_fields_and_lifetime(self) -> None:
        fresh = self.freshened((b"Cache-Control", b"max-age=10"), (b"X-Any", b"2"), (b"X-New", b"3"))
        assert fresh is not None
        assert fresh.fresh_for == 10.0
        assert Fields(fresh.fields).all(b"x-any") == [b"2"]
        assert Fields(fresh.fields).get(b"x-new") == b"3"

    def test_brings_its_age(self) -> None:
        fresh = self.freshened((b"Age", b"20"), took=1.0)
        assert fresh is not None
        assert fresh.initial_age == 21.0
        assert fresh.fresh_for == 39.0

    @pytest.mark.parametrize("said", [b"no-store", b"private", b"private, max-age=60"])
    def test_that_forbids_to_keep_it_ends_it(self, said: bytes) -> None:
        assert self.freshened((b"Cache-Control", said)) is None

    def test_with_must_understand_keeps_it(self) -> None:
        assert self.freshened((b"Cache-Control", b"must-understand, no-store, max-age=60")) is not None


def test_section_4_3_5_what_a_head_has_shown_to_be_another_is_stale_from_then_on() -> None:
    old = entry(now=1000.0, fresh_until=1600.0)
    ended = rules().ended(old, 1100.0)
    assert ended.fresh_until == 1100.0
    assert ended.stored_at == 1000.0
