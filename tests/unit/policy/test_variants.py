from gateway.model.entry import EntryFlag
from gateway.policy.variants import marker, names
from tests.support.policy import entry


def test_a_marker_tells_the_names_again_and_lives_as_long_as_its_entry() -> None:
    answer = entry(body=b"secret", coding=b"gzip", fields=((b"X", b"1"),), tags=("doc:1",))
    record = marker(answer, (b"accept-encoding", b"origin"))
    assert names(record) == (b"accept-encoding", b"origin")
    assert record.flags is EntryFlag.VARY
    assert (record.body, record.coding) == (b"", b"")
    assert (record.expires_at, record.stored_at, record.tags) == (answer.expires_at, answer.stored_at, answer.tags)
    assert answer.body == b"secret"
