"""Memo: what is asked lately stays, within its bytes."""

from gateway.listeners.memo import Memo, Resolved
from gateway.observe.tally import Tally
from tests.support.policy import route


def resolved() -> Resolved:
    return Resolved(b"k", route(), b"", Tally(), Tally())


def test_what_was_put_is_got_until_all_is_forgotten():
    memo, one = Memo(10_000), resolved()
    memo.put(b"a", one)
    assert memo.get(b"a") is one
    assert memo.get(b"b") is None
    memo.clear()
    assert (memo.get(b"a"), len(memo)) == (None, 0)


def test_it_stays_within_its_bytes_and_keeps_what_is_asked():
    memo, asked = Memo(100_000), resolved()
    memo.put(b"asked" * 20, asked)
    for number in range(10_000):
        memo.put(b"%0100d" % number, resolved())
        assert memo.get(b"asked" * 20) is asked
        assert len(memo) * 500 <= 101_000
    assert memo.get(b"%0100d" % 1) is None
