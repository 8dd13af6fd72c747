"""/admin/routes: the state of a route, and its version."""

import pytest
from pydantic import ValidationError

from gateway.listeners.admin.fleet import MemberState
from gateway.listeners.admin.routes import Patch, RouteState, _etag, _line
from tests.support.config_text import loaded

STATE = RouteState(name="r", upstream="u", mode="on", policy={"a": 1}, overridden=[], override=None, version=1)
MISSING = MemberState(id="m", host="h", pid=1, since=1.0, seen=2.0, acknowledged=4, behind=True)


def test_the_tag_is_of_what_is_in_force() -> None:
    assert _etag(STATE) == _etag(STATE.model_copy(update={"version": 2, "missing": [MISSING]}))
    assert _etag(STATE) != _etag(STATE.model_copy(update={"policy": {"a": 2}}))


def test_a_route_in_short() -> None:
    route = loaded("routes: [{preset: rag, cache: {ttl: 90m}}]").settings.routes[0]
    line = _line(route, None)
    assert (line.ttl, line.mode, line.match["path"], line.overridden) == ("90m", "on", "/rag", False)


def test_a_patch_is_the_rest() -> None:
    patch = Patch.model_validate({"cache": {"ttl": None}, "for": "10m"}, by_alias=True, by_name=False)
    assert (patch.for_, patch.model_extra) == (600.0, {"cache": {"ttl": None}})
    for wrong in ({"for": 10}, {"for": "later"}, {"reason": "x" * 501}, []):
        with pytest.raises(ValidationError):
            Patch.model_validate(wrong, by_alias=True, by_name=False)
