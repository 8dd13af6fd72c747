import pytest

from gateway.model.fields import Pairs
from gateway.policy.document import NOT_JSON
from gateway.policy.http.keys import TURNED, HttpKeyer
from gateway.policy.http.uri import target_uri
from tests.support.policy import request, route


def keyer(**settings: object) -> HttpKeyer:
    return HttpKeyer(route(cache={"rules": "http"}, **settings))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"method": b"GET"}, {"method": b"HEAD"}, id="9111-4-get-serves-head"),
        pytest.param({"target": b"/%7Ea"}, {"target": b"/~a"}, id="3986-6.2.2.2-needless-escapes"),
        pytest.param({"authority": b"A.example:80"}, {"authority": b"a.example"}, id="9110-4.2.3-host-and-port"),
        pytest.param({"fields": ()}, {"fields": ((b"Cookie", b"a=1"),)}, id="9111-2-fields-are-not-in-it"),
        pytest.param({"peer": "192.0.2.1"}, {"peer": "192.0.2.2"}, id="9111-2-nor-is-who-asks"),
    ],
)
def test_one_key_for_one_target_uri(one: dict[str, object], other: dict[str, object]) -> None:
    asked = {"method": b"GET", "target": b"/a"}
    assert keyer().key(request(**(asked | one))) == keyer().key(request(**(asked | other)))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"target": b"/b"}, id="path"),
        pytest.param({"target": b"/A"}, id="case-of-the-path"),
        pytest.param({"target": b"/a/"}, id="slash"),
        pytest.param({"target": b"/a?"}, id="empty-query"),
        pytest.param({"target": b"/a?x=1"}, id="query"),
        pytest.param({"authority": b"other.example"}, id="host"),
        pytest.param({"authority": b"rag.example:8081"}, id="port"),
        pytest.param({"scheme": b"https"}, id="scheme"),
    ],
)
def test_another_uri_has_another_key(other: dict[str, object]) -> None:
    asked = {"method": b"GET", "target": b"/a"}
    assert keyer().key(request(**asked)) != keyer().key(request(**(asked | other)))


def test_the_order_of_a_query_may_mean_something() -> None:
    assert keyer().key(request(b"GET", b"/a?x=1&y=2")) != keyer().key(request(b"GET", b"/a?y=2&x=1"))


def test_routes_and_upstreams_are_told_apart() -> None:
    keys = {keyer(name=name, upstream=to).key(request(b"GET", b"/a")) for name in ("a", "b") for to in ("a", "b")}
    assert len(keys) == 4


def test_the_key_of_a_uri_is_that_of_its_requests() -> None:
    asked = request(b"GET", b"/%61?x")
    assert keyer().of_uri(target_uri(asked)) == keyer().key(asked)


def test_a_key_is_a_digest_that_outlives_restarts() -> None:
    key = keyer().key(request(b"GET", b"/a", authority=b"a.example"))
    assert key.hex() == "d1987b618c935be894dae9c8c7df31993336abe780f853dc63495f05f7ebd79c"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(((b"Accept", b"text/html"),), ((b"accept", b"TEXT/HTML"),), True, id="4.1-one-spelling"),
        pytest.param(((b"Accept", b"a/b"), (b"Accept", b"c/d")), ((b"Accept", b"a/b,c/d"),), True, id="4.1-lines"),
        pytest.param(((b"Accept", b"text/html"),), ((b"Accept", b"text/plain"),), False, id="4.1-another-value"),
        pytest.param(((b"Accept", b""),), (), False, id="4.1-absent-is-not-empty"),
        pytest.param(((b"Cookie", b"a"),), ((b"Cookie", b"b"),), True, id="4.1-what-was-not-named"),
        pytest.param(
            ((b"Accept", b"a/b"), (b"Connection", b"accept")), (), True, id="9110-7.6.1-the-upstream-never-gets-it"
        ),
    ],
)
def test_variants_are_told_apart_by_what_vary_names(one: Pairs, other: Pairs, same: bool) -> None:
    primary = keyer().key(request(b"GET", b"/a"))
    keys = [keyer().variant(primary, [b"accept"], request(b"GET", b"/a", fields)) for fields in (one, other)]
    assert (keys[0] == keys[1]) is same


def test_the_order_and_repetition_of_the_names_does_not_matter() -> None:
    asked = request(b"GET", b"/a", ((b"Accept", b"a/b"), (b"Foo", b"1")))
    primary = keyer().key(asked)
    assert keyer().variant(primary, [b"foo", b"accept", b"foo"], asked) == keyer().variant(
        primary, [b"accept", b"foo"], asked
    )


def test_a_variant_belongs_to_its_uri() -> None:
    asked = request(b"GET", b"/a")
    assert keyer().variant(keyer().key(asked), [b"accept"], asked) != keyer().variant(bytes(32), [b"accept"], asked)


def test_answers_vary_on_what_the_route_names_although_they_do_not_say_so() -> None:
    named = keyer(key={"headers": ["X-Tenant"], "identity": ["x-user"]})
    assert named.vary((b"accept",)) == (b"accept", b"x-tenant", b"x-user")
    assert named.carried >= {b"x-tenant", b"x-user", b"authorization", b"cookie"}


@pytest.mark.parametrize("identity", ["credentials", "shared"])
def test_who_asks_is_not_a_field_that_answers_vary_on(identity: str) -> None:
    assert keyer(key={"identity": identity}).vary(()) == ()


def test_those_who_bear_other_credentials_ask_apart() -> None:
    borne = [(), ((b"Authorization", b"a"),), ((b"Authorization", b"b"),), ((b"Cookie", b"a"),)]
    key = bytes(32)
    apart = {keyer().apart(key, request(b"GET", b"/a", fields)) for fields in borne}
    assert len(apart | {key}) == 5


def test_fields_that_turn_a_request_into_another_are_known_and_origin_is_not_one() -> None:
    assert b"x-http-method-override" in TURNED
    assert b"origin" not in TURNED


def test_canonical_shows_the_uri_and_no_secrets() -> None:
    asked = request(b"GET", b"/%61?x=1", ((b"Authorization", b"Bearer s3cret"),), authority=b"a.example")
    shown = keyer().canonical(asked, b"", NOT_JSON)
    assert shown["uri"] == "http://a.example/a?x=1"
    assert (shown["route"], shown["upstream"]) == ("ask", "rag")
    assert "s3cret" not in str(shown)


@pytest.mark.parametrize(
    "settings",
    [{"key": {"identity": "shared"}}, {"key": {"identity": ["x-tenant"]}}, {"key": {"headers": ["x-tenant"]}}],
    ids=str,
)
def test_where_others_are_told_apart_than_before_nothing_stored_is_found_again(settings: dict[str, object]) -> None:
    asked = request(b"GET", b"/a")
    assert keyer(**settings).key(asked) != keyer().key(asked)
