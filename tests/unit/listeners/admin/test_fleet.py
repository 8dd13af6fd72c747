"""/admin/fleet: who is behind."""

from gateway.control.control import Member
from gateway.listeners.admin.fleet import state

MEMBER = Member("m", "h", 1, "", "", 1.0, 2.0, acknowledged=4)


def test_behind_is_who_has_not_acknowledged_the_version() -> None:
    assert [state(MEMBER, version).behind for version in (3, 4, 5)] == [False, False, True]
    assert state(MEMBER, 4).model_dump(exclude={"behind"}) == {
        "id": "m", "host": "h", "pid": 1, "since": 1.0, "seen": 2.0, "acknowledged": 4,
    }  # fmt: skip
