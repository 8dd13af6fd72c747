from typing import Any

import pytest

from gateway.model.settings.route import KeySettings
from gateway.policy.querykey import QueryKey


def piece(query: bytes | None, /, **settings: Any) -> list[bytes] | None:
    return QueryKey(KeySettings.model_validate(settings)).piece(query)


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        (None, None),
        (b"", [b""]),
        (b"b=1&a=2", [b"a=2", b"b=1"]),
        (b"b=1&a=2&b=0", [b"a=2", b"b=1", b"b=0"]),
        (b"a&a=", [b"a", b"a="]),
        (b"q=%41", [b"q=%41"]),
        (b"q=1&%71=2", [b"q=1", b"%71=2"]),
        (b"%71=2&q=1", [b"%71=2", b"q=1"]),
        (b"q[1]=b&q[0]=a", [b"q[1]=b", b"q[0]=a"]),
    ],
)
def test_parameters_are_sorted_and_repeated_ones_keep_their_order(
    query: bytes | None, parameters: list[bytes] | None
) -> None:
    assert piece(query) == parameters


@pytest.mark.parametrize(
    ("query", "settings", "parameters"),
    [
        (b"q=1&utm=2", {"query": ["q"]}, [b"q=1"]),
        (b"utm=2", {"query": ["q"]}, None),
        (b"%71=1&x=2", {"query": ["q"]}, [b"%71=1"]),
        (b"q%5B0%5D=1&q[]=2", {"query": ["q"]}, [b"q%5B0%5D=1", b"q[]=2"]),
        (b"a+b=1", {"query": ["a b"]}, [b"a+b=1"]),
        (b"utm=2;q=evil", {"query": ["q"]}, [b"utm=2;q=evil"]),
        (b"q=1", {"query": "none"}, None),
        (b"q=1&utm=2", {"query_ignore": ["utm"]}, [b"q=1"]),
        (b"utm=2", {"query_ignore": ["utm"]}, None),
        (b"%75tm=2", {"query_ignore": ["utm"]}, None),
        (b"utm[x]=2", {"query_ignore": ["utm"]}, [b"utm[x]=2"]),
        (b"utm=2;q=evil", {"query_ignore": ["utm"]}, [b"utm=2;q=evil"]),
        (b"q=1&q=2", {"query": ["q"], "query_ignore": ["q"]}, None),
    ],
)
def test_only_what_the_service_cannot_see_otherwise_is_left_out(
    query: bytes, settings: dict[str, Any], parameters: list[bytes] | None
) -> None:
    assert piece(query, **settings) == parameters
