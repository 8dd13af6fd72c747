import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.invalidation import invalidated

TARGET = b"http://h/docs/1"
ALONE = (TARGET,)


@pytest.mark.parametrize(
    ("method", "status", "void"),
    [
        pytest.param(b"POST", 200, ALONE, id="9111-4.4-post"),
        pytest.param(b"PUT", 201, ALONE, id="9111-4.4-put"),
        pytest.param(b"DELETE", 204, ALONE, id="9111-4.4-delete"),
        pytest.param(b"PATCH", 299, ALONE, id="9111-4.4-patch"),
        pytest.param(b"POST", 303, ALONE, id="9111-4.4-redirections-count"),
        pytest.param(b"FROBNICATE", 200, ALONE, id="9111-4.4-unknown-methods-may-be-unsafe"),
        pytest.param(b"get", 200, ALONE, id="9110-9.1-methods-mind-case"),
        pytest.param(b"DELETE", 404, (), id="9111-4.4-client-errors-do-not-count"),
        pytest.param(b"POST", 500, (), id="9111-4.4-server-errors-do-not-count"),
        pytest.param(b"POST", 103, (), id="9111-4.4-interim-answers-do-not-count"),
        pytest.param(b"GET", 200, (), id="9111-4.4-get-is-safe"),
        pytest.param(b"HEAD", 200, (), id="9111-4.4-head-is-safe"),
        pytest.param(b"OPTIONS", 200, (), id="9111-4.4-options-is-safe"),
        pytest.param(b"PROPFIND", 207, (), id="9111-4.4-propfind-is-safe"),
    ],
)
def test_unsafe_requests_that_succeed_make_their_target_void(
    method: bytes, status: int, void: tuple[bytes, ...]
) -> None:
    assert invalidated(method, status, TARGET, Fields()) == void


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        pytest.param(((b"Location", b"/docs/2"),), (b"http://h/docs/2",), id="9111-4.4-location"),
        pytest.param(((b"Content-Location", b"2?v=1"),), (b"http://h/docs/2?v=1",), id="9111-4.4-content-location"),
        pytest.param(
            ((b"Content-Location", b"3"), (b"Location", b"HTTP://H:80/docs/2#x")),
            (b"http://h/docs/2", b"http://h/docs/3"),
            id="9111-4.4-both",
        ),
        pytest.param(((b"Location", b"/docs/1"),), (), id="9111-4.4-the-target-itself-once"),
        pytest.param(((b"Location", b"http://other/docs/2"),), (), id="9111-4.4-another-host"),
        pytest.param(((b"Location", b"//other/docs/2"),), (), id="9111-4.4-another-host-relative"),
        pytest.param(((b"Location", b"https://h/docs/2"),), (), id="9111-4.4-another-scheme"),
        pytest.param(((b"Location", b"http://h:8080/docs/2"),), (), id="9111-4.4-another-port"),
        pytest.param(((b"Location", b"http://h@other/docs/2"),), (), id="9111-4.4-user-information-is-no-host"),
        pytest.param(((b"Location", b"http://[/"),), (), id="9111-4.4-no-uri"),
        pytest.param(((b"Link", b"</docs/2>; rel=self"),), (), id="9111-4.4-nothing-else"),
    ],
)
def test_locations_of_the_same_origin_are_void_too(fields: Pairs, more: tuple[bytes, ...]) -> None:
    assert invalidated(b"POST", 201, TARGET, Fields(fields)) == (TARGET, *more)


def test_the_target_is_normalised() -> None:
    assert invalidated(b"PUT", 200, b"HTTP://H:80/%7ea?b", Fields()) == (b"http://h/~a?b",)


def test_a_target_that_is_no_uri_is_void_as_it_is() -> None:
    assert invalidated(b"PUT", 200, b"http:///a", Fields(((b"Location", b"/b"),))) == (b"http:///a",)
