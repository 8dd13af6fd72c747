"""Entry: when it is of no use to anybody any more."""

import pytest

from gateway.model.entry import Entry


@pytest.mark.parametrize(
    ("fresh", "revalidate", "error", "expires"), [(10, 10, 10, 10), (10, 70, 20, 70), (10, 20, 90, 90)]
)
def test_it_expires_with_its_longest_window(fresh, revalidate, error, expires):
    entry = Entry(200, b"OK", (), b"", b"", "rag", 0, fresh, revalidate, error)
    assert entry.expires_at == expires


def test_a_prebuilt_head_does_not_make_it_another_entry():
    one = Entry(200, b"OK", (), b"", b"", "rag", 0, 1, 1, 1)
    other = Entry(200, b"OK", (), b"", b"", "rag", 0, 1, 1, 1, head=b"HTTP/1.1 200 OK")
    assert one == other
