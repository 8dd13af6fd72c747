import pytest

from gateway.policy.http.uri import (
    Origin,
    normalized,
    normalized_path,
    origin,
    origin_of,
    path_of,
    resolved,
    target_uri,
)
from tests.support.policy import request


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        pytest.param(b"/a%2fb", b"/a%2Fb", id="3986-6.2.2.1-case-of-percent-encoding"),
        pytest.param(b"/%7Euser/%61%2D%5f", b"/~user/a-_", id="3986-6.2.2.2-unreserved-decoded"),
        pytest.param(b"/a%3Bb%26c%3d", b"/a%3Bb%26c%3D", id="3986-6.2.2.2-reserved-stay-encoded"),
        pytest.param(b"/a;b&c=", b"/a;b&c=", id="3986-6.2.2.2-reserved-stay-plain"),
        pytest.param(b"/a/../b/./c", b"/a/../b/./c", id="3986-6.2.2.3-dot-segments-stay"),
        pytest.param(b"/a/%2e%2e/b", b"/a/%2E%2E/b", id="3986-6.2.2.3-no-dot-segment-is-made"),
        pytest.param(b"/v1%2e2", b"/v1%2E2", id="3986-6.2.2.2-dots-stay-encoded"),
        pytest.param(b"", b"/", id="3986-6.2.3-empty-path"),
        pytest.param(b"//a///b", b"//a///b", id="3986-3.3-empty-segments-stay"),
        pytest.param(b"/A/b", b"/A/b", id="3986-6.2.2.1-paths-mind-case"),
        pytest.param(b"/100%/%zz%4", b"/100%/%zz%4", id="3986-2.1-broken-encoding-stays"),
        pytest.param(b"/%2541", b"/%2541", id="3986-2.4-decoded-once-only"),
        pytest.param(b"/\xc3\xa9%c3%a9", b"/\xc3\xa9%C3%A9", id="3986-2.5-octets-of-no-encoding"),
        pytest.param(b"*", b"*", id="9110-7.1-asterisk-form"),
    ],
)
def test_paths_that_mean_the_same_are_spelled_alike(path: bytes, normal: bytes) -> None:
    assert normalized_path(path) == normal


@pytest.mark.parametrize(
    ("uri", "normal"),
    [
        pytest.param(b"HTTP://Rag.Example/A", b"http://rag.example/A", id="9110-4.2.3-case-of-scheme-and-host"),
        pytest.param(b"http://h:80/", b"http://h/", id="9110-4.2.3-default-port"),
        pytest.param(b"https://h:443", b"https://h/", id="9110-4.2.3-default-port-https"),
        pytest.param(b"http://h:/x", b"http://h/x", id="3986-6.2.3-empty-port"),
        pytest.param(b"http://h:0080/x", b"http://h/x", id="3986-3.2.3-port-with-zeros"),
        pytest.param(b"http://h:00/x", b"http://h:0/x", id="3986-3.2.3-port-zero-is-no-default"),
        pytest.param(b"https://h:80/", b"https://h:80/", id="9110-4.2.3-port-of-another-scheme"),
        pytest.param(b"http://h?q=1", b"http://h/?q=1", id="9110-4.2.3-empty-path-before-query"),
        pytest.param(b"http://h/?", b"http://h/?", id="3986-6.2.3-empty-query-is-not-none"),
        pytest.param(b"http://h/a?b=%7e&A=2&b=1", b"http://h/a?b=%7e&A=2&b=1", id="3986-3.4-query-as-it-was-sent"),
        pytest.param(b"http://h/a#part", b"http://h/a", id="9110-4.2.5-no-fragment"),
        pytest.param(b"http://[2001:DB8::1]:80/", b"http://[2001:db8::1]/", id="3986-3.2.2-ipv6"),
        pytest.param(b"ftp://h/", None, id="9110-4.2-other-scheme"),
        pytest.param(b"http://user@h/", None, id="9110-4.2.4-user-information"),
        pytest.param(b"http:///a", None, id="9110-4.2.1-empty-host"),
        pytest.param(b"/a", None, id="3986-4.2-relative"),
        pytest.param(b"", None, id="3986-4.2-empty"),
    ],
)
def test_uris_that_mean_the_same_are_spelled_alike(uri: bytes, normal: bytes | None) -> None:
    assert normalized(uri) == normal


def test_target_uri_is_put_together_from_scheme_authority_path_and_query() -> None:
    of = request(b"GET", b"/%7ea?B=1", authority=b"Rag.Example:80")
    assert target_uri(of) == b"http://rag.example/~a?B=1"


def test_a_host_that_is_none_stands_for_itself() -> None:
    assert target_uri(request(b"GET", b"/a", authority=b"")) == b"http://[]/a"
    assert target_uri(request(b"GET", b"/a", authority=b"u@h")) == b"http://[u%40h]/a"
    assert target_uri(request(b"GET", b"/b", authority=b"h/a")) == b"http://[h%2Fa]/b"
    assert target_uri(request(b"GET", b"/b", scheme=b"x://h/a?", authority=b"h")) == b"x%3A%2F%2Fh%2Fa%3F://[h]/b"


@pytest.mark.parametrize(
    ("reference", "uri"),
    [
        pytest.param(b"/c", b"http://h/c", id="3986-5.2-absolute-path"),
        pytest.param(b"c?x", b"http://h/a/c?x", id="3986-5.2-relative-path"),
        pytest.param(b"../c", b"http://h/c", id="3986-5.2.4-dot-segments"),
        pytest.param(b"?x", b"http://h/a/b?x", id="3986-5.2-query-only"),
        pytest.param(b"", b"http://h/a/b", id="3986-5.2-same-document"),
        pytest.param(b"//i/c", b"http://i/c", id="3986-5.2-network-path"),
        pytest.param(b"https://i/c", b"https://i/c", id="3986-5.2-absolute"),
        pytest.param(b"mailto:a@b", None, id="3986-5.2-other-scheme"),
        pytest.param(b"http://[", None, id="3986-3.2.2-broken"),
        pytest.param(b"/c d", None, id="3986-2-space"),
    ],
)
def test_references_are_resolved(reference: bytes, uri: bytes | None) -> None:
    assert resolved(reference, b"http://h/a/b") == uri


def test_origins_are_scheme_host_and_port() -> None:
    assert origin(b"HTTP", b"H") == Origin(b"http", b"h", b"80") == origin_of(b"http://h:80/a")
    assert origin(b"https", b"h:80") == Origin(b"https", b"h", b"80")
    assert origin(b"ws", b"h") is None
    assert origin_of(b"h") is None


@pytest.mark.parametrize(
    ("uri", "path"), [(b"http://a/", b"/"), (b"http://a:81/b//c?d=/e", b"/b//c"), (b"https://[::1]/b", b"/b")]
)
def test_path_of_a_normalised_uri(uri, path):
    assert path_of(uri) == path
