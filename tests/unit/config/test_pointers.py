"""Pointers beside pointers."""

import pytest

from gateway.config.pointers import covering, touching


@pytest.mark.parametrize(
    ("pointers", "inner", "found"),
    [
        (("/a",), "/a", "/a"),
        (("/a",), "/a/b", "/a"),
        (("/a/b",), "/a", None),
        (("/x", "/a/*"), "/a/0/c", "/a/*"),
        (("/ab",), "/a", None),
        ((), "/a", None),
        (("",), "/a", ""),
    ],
)
def test_covering(pointers, inner, found):
    assert covering(pointers, inner) == found


@pytest.mark.parametrize(
    ("pointers", "pointer", "expected"),
    [
        (("/a",), "/a/b", True),
        (("/a/b",), "/a", True),
        (("/a/*",), "/a/0", True),
        (("/a",), "/b", False),
        ((), "/a", False),
    ],
)
def test_touching(pointers, pointer, expected):
    assert touching(pointers, pointer) is expected
