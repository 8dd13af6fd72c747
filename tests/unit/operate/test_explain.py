"""Explain, for people."""

from gateway.operate.explain import _rows

ENTRY = {"tier": "memory", "state": "fresh", "ttl": 60, "bytes": 12, "tags": ["doc:1"]}
FOUND = {
    "outcome": "hit", "reason": None, "mode": "on", "key": "ab", "vary": ["accept"],
    "tried": [{"route": "a", "takes": False, "objection": "path"}, {"route": "b", "takes": True, "objection": None}],
    "canonical": {"version": "1", "route": "b", "method": "POST", "query": None, "body": {"read_as": "json"}},
    "filters": [{"kind": "known", "mode": "enforce", "against": True}], "entries": [ENTRY],
}  # fmt: skip


def test_rows() -> None:
    assert _rows(FOUND) == [
        ("outcome", "hit"), ("route", "a: not for its path"), ("route", "b"), ("key", "ab"), ("  method", "POST"),
        ("  body", '{"read_as":"json"}'), ("varies on", "accept"), ("filter", "known (enforce): against"),
        ("stored", "in memory: fresh, 60 s left, 12 B, tags doc:1"),
    ]  # fmt: skip
    bypass = FOUND | {"outcome": "bypass", "reason": "mode-off", "mode": "off", "key": None, "canonical": None}
    assert ("mode", "off") in _rows(bypass | {"entries": [], "filters": [], "vary": []})
    assert _rows(FOUND | {"entries": []})[-1] == ("stored", "nowhere")
