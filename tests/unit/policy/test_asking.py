"""Asking: a question is kept without whoever asked it, or not at all."""

import orjson
import pytest

from gateway.model.exchange import Request
from gateway.policy.asking import LARGEST, Asking, asking, decode, encode
from gateway.policy.document import parse
from gateway.policy.keying import CREDENTIALS, Keyer
from tests.support.policy import request, route

BODY = b'{"query": "what is a with statement?", "max_tokens": 100}'
JSON = (b"Content-Type", b"application/json")


def kept(asked: Request, body: bytes = BODY, **settings):
    stated = route(**settings)
    return asking(stated, Keyer(stated), asked, body)


def test_what_is_kept_asks_the_same_question():
    stated = route(key={"headers": ["x-plan"]})
    asked = request(
        target=b"/rag?lang=en",
        fields=(JSON, (b"Accept", b"*/*"), (b"X-Plan", b"pro"), (b"X-Request-Id", b"1"), (b"User-Agent", b"curl")),
    )
    key, one = asking(stated, Keyer(stated), asked, BODY)
    assert one.fields == (JSON, (b"Accept", b"*/*"), (b"X-Plan", b"pro"))
    again = one.request()
    assert (again.method, again.path, again.query, again.authority) == (b"POST", b"/rag", b"lang=en", asked.authority)
    assert Keyer(stated).key(again, one.body, parse(one.body)) == key == Keyer(stated).key(asked, BODY, parse(BODY))
    assert again.fields.get(b"host") == asked.authority
    assert again.fields.get(b"content-length") == b"%d" % len(BODY)
    assert b"content-length" not in Asking(b"GET", b"/", b"http", b"h", (), b"").request().fields


@pytest.mark.parametrize("name", sorted(CREDENTIALS))
def test_whoever_bears_a_credential_that_counts_is_not_remembered(name):
    for spelled in (name, name.title(), name.replace(b"-", b"_")):
        assert kept(request(fields=(JSON, (spelled, b"s3cret")))) is None


def test_where_all_share_an_answer_credentials_are_left_out():
    _, one = kept(
        request(fields=(JSON, (b"Authorization", b"Bearer s3cret"), (b"Cookie", b"s3cret"), (b"X-Vault", b"s3cret"))),
        key={"identity": "shared"},
    )
    assert b"s3cret" not in encode([(one, 1.0)])
    assert one.fields == (JSON,)


def test_a_credential_is_not_kept_for_being_named_in_the_key():
    asked = request(fields=((b"X-Api-Key", b"s3cret"),))
    assert kept(asked, key={"identity": "shared", "headers": ["x-api-key"]}) is None
    assert kept(request(fields=((b"X-Team", b"a"),)), key={"identity": ["x-team"]}) is None


@pytest.mark.parametrize(
    "query",
    [b"api_key=s", b"a=1&key=s", b"access_token=s", b"token=s", b"API%5FKEY=s", b"sig=s", b"x=1;auth=s"],
)
def test_a_query_with_a_secret_is_not_kept(query):
    assert kept(request(target=b"/rag?" + query)) is None


@pytest.mark.parametrize(
    "member", [b"api_key", b"openai_api_key", b"openaiApiKey", b"token", b"accessToken", b"password", b"db.password"]
)
def test_a_body_with_a_secret_is_not_kept(member):
    assert kept(request(), b'{"query": "q", "config": {"%b" : "s"}}' % member) is None


@pytest.mark.parametrize("member", [b"max_tokens", b"tokens", b"keyword", b"keys", b"author", b"monkey"])
def test_what_only_sounds_like_a_secret_is_kept(member):
    assert kept(request(target=b"/rag?%b=1" % member), b'{"query": "my password: x", "%b": 1}' % member) is not None


def test_what_is_too_large_or_has_no_path_is_not_kept():
    assert kept(request(), b" " * (LARGEST + 1)) is None
    assert kept(request(method=b"OPTIONS", target=b"*"), b"") is None


ONE = Asking(b"POST", b"/rag?a=\xff", b"https", b"rag.example:8080", (JSON, (b"Accept", b"")), b"\x00\xff{}")


def test_a_record_is_read_as_it_was_written():
    assert decode(encode([(ONE, 2.5), (ONE, 1.0)])) == [(ONE, 2.5), (ONE, 1.0)]
    assert decode(encode([])) == []


def altered(**changes):
    names = ["count", "method", "target", "scheme", "authority", "body", "fields"]
    version, rows = orjson.loads(encode([(ONE, 1.0)]))
    row = dict(zip(names, rows[0], strict=True)) | changes
    return orjson.dumps([changes.get("version", version), [[row[name] for name in names]]])


@pytest.mark.parametrize(
    "record",
    [
        b"", b"{}", b"[]", b"[1]", b"[1, 2]", b"[1, [[]]]", b"[1, [1]]", b"null", b"\xff", b"[" * 10_000,
        altered(version=2), altered(count="many"), altered(count="inf"), altered(count=None),
        altered(method=1), altered(method="A B"),
        altered(target="/rag HTTP/1.1\r\nX: y"), altered(target="//\n"), altered(target="rag"),
        altered(target="\u20ac"),
        altered(scheme="file"), altered(authority="a@b"), altered(authority="a\r\nb"), altered(body=None),
        altered(fields=[["a", "b\r\nc: d"]]), altered(fields=[["a:", "b"]]), altered(fields=[["a"]]), altered(fields=1),
        altered(body="x" * (LARGEST + 1)),
    ],
)  # fmt: skip
def test_anything_odd_is_no_record(record):
    assert decode(record) == []
