import pytest

from gateway.policy.validators import not_modified
from tests.support.policy import entry, request

TAGGED = entry(fields=((b"Etag", b'"v1"'),))


@pytest.mark.parametrize(
    ("field", "known"),
    [
        (b'"v1"', True),
        (b'W/"v1"', True),
        (b'"v0", "v1"', True),
        (b"*", True),
        (b'"v0"', False),
        (b'"v0, v1"', False),
        (b"v1", False),
        (b"", False),
    ],
)
def test_if_none_match_is_compared_weakly(field: bytes, known: bool) -> None:
    assert not_modified(request(b"GET", fields=((b"If-None-Match", field),)), TAGGED) is known


def test_a_weak_tag_of_the_entry_matches_too() -> None:
    assert not_modified(request(b"HEAD", fields=((b"if-none-match", b'"v1"'),)), entry(fields=((b"ETag", b'W/"v1"'),)))


def test_nothing_is_unmodified_without_question_tag_or_a_plain_answer() -> None:
    asked = request(b"GET", fields=((b"If-None-Match", b'"v1"'),))
    assert not not_modified(request(b"GET"), TAGGED)
    assert not not_modified(asked, entry())
    assert not not_modified(asked, entry(status=404, fields=TAGGED.fields))
    assert not not_modified(request(b"POST", fields=((b"If-None-Match", b'"v1"'),)), TAGGED)
