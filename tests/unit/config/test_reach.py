"""Does an earlier route take every request of a later one?"""

from typing import Any

import pytest

from gateway.config.reach import never_reached
from gateway.model.settings.route import Match

IS_A = {"pointer": "/m", "is": "a"}


@pytest.mark.parametrize(
    ("earlier", "later", "taken"),
    [
        ({}, {}, True),
        ({}, {"path": "/a", "method": ["POST"]}, True),
        ({"path": "/a"}, {}, False),
        ({"path": "/a"}, {"path": "/a"}, True),
        ({"path": "/a"}, {"path": "/b"}, False),
        ({"path": "/a/*"}, {"path": "/a/b"}, True),
        ({"path": "/a/*"}, {"path": "/a/"}, True),
        ({"path": "/a/*"}, {"path": "/a"}, False),
        ({"path": "/a/*"}, {"path": "/ab"}, False),
        ({"path": "/a/*"}, {"path": "/a/b/*"}, True),
        ({"path": "/a/b/*"}, {"path": "/a/*"}, False),
        ({"path": "/a/*"}, {"path": "/a/{x}/c"}, True),
        ({"path": "/*"}, {"path": "/{x}"}, True),
        ({"path": "/kb/{id}/ask"}, {"path": "/kb/5/ask"}, True),
        ({"path": "/kb/{id}/ask"}, {"path": "/kb/{other}/ask"}, True),
        ({"path": "/kb/{id}/ask"}, {"path": "/kb//ask"}, False),
        ({"path": "/kb/5/ask"}, {"path": "/kb/{id}/ask"}, False),
        ({"path": "/kb/{id}"}, {"path": "/kb/*"}, False),
        ({"path": "/{x}/*"}, {"path": "/a/*"}, True),
        ({"path": "/{x}/*"}, {"path": "/*"}, False),
        ({"path": "*/ask"}, {"path": "/ask"}, True),
        ({"path": "*/ask"}, {"path": "/a/b/ask"}, True),
        ({"path": "*/ask"}, {"path": "*/kb/ask"}, True),
        ({"path": "*/ask"}, {"path": "/kb/{id}/ask"}, True),
        ({"path": "*/{verb}"}, {"path": "/kb/ask"}, True),
        ({"path": "*/ask"}, {"path": "/a/*"}, False),
        ({"path": "*/{verb}"}, {"path": "/a/*"}, False),
        ({"path": "*/ask"}, {"path": "/task"}, False),
        ({"path": "*/kb/ask"}, {"path": "*/ask"}, False),
        ({"path": "*/kb/ask"}, {"path": "/ask"}, False),
        ({"path": "/*"}, {"path": "*/ask"}, True),
        ({"path": "/a/*"}, {"path": "*/ask"}, False),
        ({"path": "/{a}/ask"}, {"path": "*/ask"}, False),
        ({"path": ["/a", "/b"]}, {"path": "/b"}, True),
        ({"path": ["/a", "/b/*"]}, {"path": ["/b/c", "/a"]}, True),
        ({"path": ["/a", "/b"]}, {"path": ["/b", "/c"]}, False),
        ({"path": ["/a", "/b"]}, {}, False),
        ({"method": ["POST"]}, {"method": ["POST"]}, True),
        ({"method": ["POST", "GET"]}, {"method": ["POST"]}, True),
        ({"method": ["POST"]}, {"method": ["POST", "GET"]}, False),
        ({"method": ["POST"]}, {}, False),
        ({"host": ["a.org"]}, {"host": ["a.org"]}, True),
        ({"host": ["*.a.org"]}, {"host": ["b.a.org", "*.c.a.org"]}, True),
        ({"host": ["*.a.org"]}, {"host": ["a.org"]}, False),
        ({"host": ["*.a.org"]}, {"host": ["xa.org"]}, False),
        ({"host": ["a.org"]}, {}, False),
        ({"headers": {"x": "a"}}, {"headers": {"x": "a", "y": "b"}}, True),
        ({"headers": {"x": "a"}}, {"headers": {"x": "b"}}, False),
        ({"headers": {"x": "a"}}, {}, False),
        ({"body": [IS_A]}, {"body": [IS_A]}, True),
        ({}, {"body": [IS_A]}, True),
        ({"body": [IS_A]}, {}, False),
        ({"body": [{"pointer": "/m", "is": 1}]}, {"body": [{"pointer": "/m", "is": True}]}, False),
    ],
)
def test_a_later_route_is_never_reached(earlier: dict[str, Any], later: dict[str, Any], taken: bool) -> None:
    matches = [Match.model_validate(earlier), Match.model_validate(later)]
    assert list(never_reached(matches)) == ([(1, 0)] if taken else [])


def test_the_first_that_takes_all_is_told() -> None:
    paths = [Match(path="/a"), Match(path="/b/*"), Match(path="/*"), Match(path="/b/c"), Match(path="/a")]
    assert list(never_reached(paths)) == [(3, 1), (4, 0)]
