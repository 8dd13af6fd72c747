"""Balancing: which of several replicas is asked? Two choices, or hashing with bounded loads. No I/O, no clock."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Protocol, TypeVar

_MASK = (1 << 64) - 1


class Choosable(Protocol):
    """pending: calls under way. seed: 64 bits of its own, the same in all processes; see `seed_of`."""

    pending: int
    seed: int


R = TypeVar("R", bound=Choosable)


def seed_of(data: bytes) -> int:
    """Bytes of any length -> 64 bits, alike everywhere (Python's own hash is not)."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


def two_choices(replicas: Sequence[R], random: Callable[[], float]) -> R:
    """The less busy one of two that are picked at random (Mitzenmacher 2001). `random`: [0, 1).

    The least busy of all would be as good for one process; several, each of which knows its own calls only,
    would all pick the same one.
    """
    count = len(replicas)
    if count == 1:
        return replicas[0]
    first = int(random() * count)
    second = int(random() * (count - 1))
    if second >= first:
        second += 1
    one, other = replicas[first], replicas[second]
    return other if other.pending < one.pending else one


def by_hash(replicas: Sequence[R], key: int, bound: int) -> R:
    """The replica that scores highest for `key` and is not too busy (rendezvous hashing, Thaler and Ravishankar 1998).

    Where one of n goes, its keys alone move, and spread over the others. `bound`: percent of the average number of
    calls under way that one replica may have, this call included (Mirrokni, Thorup and Zadimoghaddam 2016); at
    least 100, so that there always is one below it.
    """
    best = max(replicas, key=lambda replica: _score(replica.seed, key))
    calls = sum(replica.pending for replica in replicas) + 1
    most = -(-calls * bound // (100 * len(replicas)))
    if best.pending < most:
        return best
    free = [replica for replica in replicas if replica.pending < most]
    return max(free, key=lambda replica: _score(replica.seed, key))


def _score(seed: int, key: int) -> int:
    """The finalizer of SplitMix64: each bit of seed and key changes half of the score's."""
    mixed = seed ^ key
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)
