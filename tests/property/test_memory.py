"""Memory against a plain dict: it never returns what was not put last, and never holds more than it may."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from gateway.cache.memory import Memory
from gateway.model.entry import Entry
from tests.support.entries import make_entry, make_key

MAX_BYTES = 20_000
KEYS = st.integers(0, 30).map(make_key)


class MemoryModel(RuleBasedStateMachine):
    """The dict never evicts; memory may, but only to make room."""

    entries = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(MAX_BYTES)
        self.model: dict[bytes, Entry] = {}

    @rule(target=entries, size=st.integers(0, 4000), tags=st.lists(st.text(max_size=5), max_size=3))
    def make(self, size: int, tags: list[str]) -> Entry:
        return make_entry(b"x" * size, now=1000.0, tags=tuple(tags))

    @rule(key=KEYS, entry=entries)
    def put(self, key: bytes, entry: Entry) -> None:
        held, evicted = len(self.memory), self.memory.evictions
        new = key not in self.memory
        self.memory.put(key, entry)
        self.model[key] = entry
        if key not in self.memory:
            assert len(entry.body) > 1000  # too large a share
            del self.model[key]
        elif new:
            assert len(self.memory) == held + 1 - (self.memory.evictions - evicted)

    @rule(key=KEYS)
    def get(self, key: bytes) -> None:
        found = self.memory.get(key)
        assert found is None or found is self.model[key]
        assert (found is not None) == (key in self.memory)

    @rule(key=KEYS)
    def remove(self, key: bytes) -> None:
        self.memory.remove(key)
        self.model.pop(key, None)
        assert self.memory.get(key) is None

    @rule()
    def clear(self) -> None:
        self.memory.clear()
        self.model.clear()
        assert (len(self.memory), self.memory.bytes) == (0, 0)

    @invariant()
    def bounded(self) -> None:
        assert 0 <= self.memory.bytes <= MAX_BYTES
        assert (self.memory.bytes == 0) == (len(self.memory) == 0)
        assert self.memory.bytes >= sum(len(self.model[key].body) for key in self.model if key in self.memory)


TestMemoryModel = MemoryModel.TestCase
TestMemoryModel.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
