"""Fields: order, spelling and repetition kept; names found in any case."""

from gateway.model.fields import Fields

FIELDS = Fields([(b"X-A", b"1"), (b"Host", b"h"), (b"x-a", b"2")])


def test_lookups_ignore_case_and_lines_stay_apart():
    assert FIELDS.get(b"x-a") == b"1"
    assert FIELDS.all(b"x-a") == [b"1", b"2"]
    assert FIELDS.joined(b"x-a") == b"1, 2"
    assert b"host" in FIELDS
    assert FIELDS.any_of(frozenset({b"none", b"x-a"}))
    assert not FIELDS.any_of(frozenset({b"none", b"X-A"}))
    assert (FIELDS.get(b"none"), FIELDS.all(b"none"), FIELDS.joined(b"none")) == (None, [], None)


def test_it_is_what_it_was_made_of():
    assert list(FIELDS) == list(FIELDS.pairs)
    assert len(FIELDS) == 3
    assert Fields(FIELDS.pairs) == FIELDS
    assert hash(Fields(FIELDS.pairs)) == hash(FIELDS)
    assert Fields() != FIELDS
    assert "X-A" in repr(FIELDS)
