"""Generations: what came lately is remembered, in bounded room and time, at a bounded rate of error."""

import hashlib

from gateway.guard.generations import ERROR_RATE, Generations


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def key(n: int) -> bytes:
    return hashlib.sha256(b"%d" % n).digest()


def test_a_key_is_remembered_for_all_rotations_but_one_and_then_forgotten():
    clock = Clock()
    seen = Generations(1000, 4, 10.0, clock)
    assert key(1) not in seen
    clock.now += 9
    seen.add(key(1))
    clock.now += 30
    assert key(1) in seen
    clock.now += 1.1
    assert key(1) not in seen
    assert len(seen) == 0


def test_a_long_silence_forgets_all_at_once():
    clock = Clock()
    seen = Generations(1000, 4, 10.0, clock)
    for n in range(10):
        seen.add(key(n))
    clock.now += 1e9
    assert key(1) not in seen
    seen.add(key(2))
    assert key(2) in seen


def test_the_capacity_is_enforced_by_rotation_and_the_latest_stay():
    seen = Generations(1000, 4, 1e6, Clock())
    for n in range(5000):
        seen.add(key(n))
        assert len(seen) <= 1000
        assert key(n) in seen
    assert all(key(n) in seen for n in range(4250, 5000))
    assert key(0) not in seen
    assert len(seen._filters) == 4


def test_a_key_that_came_empty_again_counts_once_in_its_generation():
    seen = Generations(1000, 4, 1e6, Clock())
    for _ in range(5000):
        seen.add(key(1))
    assert len(seen) == 1


def test_forgetting_forgets_all():
    seen = Generations(1000, 2, 10.0, Clock())
    seen.add(key(1))
    seen.forget()
    assert key(1) not in seen


def test_all_generations_together_keep_the_error_rate_at_capacity():
    for capacity, generations in ((1000, 2), (400_000, 4), (1_000_000, 16)):
        seen = Generations(capacity, generations, 1e6, Clock())
        seen.add(key(1))
        filter = seen._filters[0]
        # A stranger passes a full filter where each of its slices has its bit set.
        full = (1 - (1 - 1 / filter.bits_per_slice) ** (capacity // generations)) ** filter.num_slices
        assert full * generations <= ERROR_RATE


def test_it_knows_which_tags_the_answers_to_its_keys_may_have_had():
    known = Generations(100, 2, 60, lambda: 0.0)
    known.add(b"a" * 32, ("doc:1", "kb:x/1"))
    assert known.bears("doc:1")
    assert known.bears("kb:*")
    assert known.bears("*")
    assert not known.bears("doc:2")
    assert not known.bears("kb:")
    known.forget()
    assert not known.bears("*")
    for number in range(10_001):
        known.add(b"b" * 32, (f"doc:{number}",))
    assert known.bears("anything")
