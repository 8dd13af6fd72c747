"""Balancing: the less busy of two, or the same one for like requests."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from gateway.policy.balancing import by_hash, seed_of, two_choices


@dataclass
class One:
    name: str
    pending: int = 0

    @property
    def seed(self) -> int:
        return seed_of(self.name.encode())


def many(*pending: int) -> list[One]:
    return [One(f"rag-{index}:8000", calls) for index, calls in enumerate(pending)]


def drawn(*numbers: float) -> Callable[[], float]:
    return iter(numbers).__next__


@pytest.mark.parametrize(
    ("pending", "numbers", "picked"),
    [
        ((7,), (), 0),
        ((0, 0), (0.0, 0.0), 0),
        ((0, 0), (0.99, 0.0), 1),
        ((1, 0), (0.0, 0.0), 1),
        ((0, 1), (0.99, 0.0), 0),
        ((3, 2, 1), (0.0, 0.0), 1),  # the least busy of all was not drawn
        ((3, 2, 1), (0.0, 0.99), 2),
        ((3, 2, 1), (0.99, 0.99), 2),
    ],
)
def test_the_less_busy_of_two(pending: tuple[int, ...], numbers: tuple[float, ...], picked: int) -> None:
    replicas = many(*pending)
    assert two_choices(replicas, drawn(*numbers)) is replicas[picked]


def test_idle_replicas_are_all_picked_alike_often() -> None:
    replicas, random = many(0, 0, 0, 0), Random(1)
    counts = Counter(two_choices(replicas, random.random).name for _ in range(8000))
    assert all(1800 < count < 2200 for count in counts.values())


def test_the_same_key_the_same_replica_and_keys_spread() -> None:
    replicas = many(0, 0, 0, 0)
    first = [by_hash(replicas, seed_of(b"%d" % key), 125).name for key in range(8000)]
    assert first == [by_hash(replicas[::-1], seed_of(b"%d" % key), 125).name for key in range(8000)]
    assert all(1800 < count < 2200 for count in Counter(first).values())


def test_a_busy_replica_passes_its_keys_on_to_several_others() -> None:
    replicas = many(0, 0, 0, 0)
    mine = [key for key in range(2000) if by_hash(replicas, seed_of(b"%d" % key), 125) is replicas[0]]
    replicas[0].pending = 2
    passed_on = Counter(by_hash(replicas, seed_of(b"%d" % key), 125).name for key in mine)
    assert replicas[0].name not in passed_on
    assert len(passed_on) == 3


def test_seeds_are_alike_in_all_processes() -> None:
    assert seed_of(b"rag:8000") == 0x53522F54A6A71A4D
