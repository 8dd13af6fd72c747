"""Sharing: hosts with files of their own end up with the same filter, whoever changed it, and whatever was lost."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from gateway.guard import sharing
from gateway.guard.files import FilterFiles, Loaded
from gateway.guard.filter_store import Shared
from gateway.guard.filterfile import Filter, FilterError, load, save
from gateway.guard.sharing import Sharing
from gateway.model.errors import StoreUnavailable
from tests.support.filters import made


class Common:
    """A store in a dict, that can be away. before_write: called once, ahead of the next write."""

    def __init__(self) -> None:
        self.files: dict[str, Shared] = {}
        self.away = False
        self.before_write: Callable[[], None] | None = None

    async def newest(self, names: Sequence[str]) -> Mapping[str, int]:
        self._there()
        return {name: self.files[name].at for name in names if name in self.files}

    async def read(self, name: str) -> Shared | None:
        self._there()
        return self.files.get(name)

    async def write(self, name: str, known: int, shared: Shared) -> bool:
        if self.before_write is not None:
            before, self.before_write = self.before_write, None
            before()
        self._there()
        if (self.files[name].at if name in self.files else 0) != known:
            return False
        self.files[name] = shared
        return True

    async def close(self) -> None:
        self.away = True

    def _there(self) -> None:
        if self.away:
            raise StoreUnavailable("away on order")


class Host:
    """A host with a file of its own. store: None: it knows of no others."""

    def __init__(self, folder: Path, store: Common | None, *ids: str) -> None:
        folder.mkdir()
        self.path = str(folder / "kb.bloom")
        if ids:
            made(Path(self.path), ids)
        files = FilterFiles()
        self.file = files.of(self.path, "known")
        files.load()
        self.sharing = Sharing(store, lambda: {"rag known": self.file}, files.look_again)

    async def add(self, key: str) -> bool:
        def work() -> None:
            filter = load(self.path, "known")
            filter.add(key)
            save(filter, self.path)

        return await self.sharing.change(self.file, work)

    async def look(self) -> None:
        await self.sharing._look()

    def knows(self, *ids: str) -> list[bool]:
        assert self.file.filter is not None
        return [one in self.file.filter and one in load(self.path) for one in ids]


@pytest.fixture
def store() -> Common:
    return Common()


@pytest.fixture
def hosts(tmp_path: Path, store: Common) -> list[Host]:
    return [Host(tmp_path / name, store, "old") for name in "ab"]


async def test_what_is_changed_on_one_host_is_there_on_the_others(hosts: list[Host]) -> None:
    a, b = hosts
    assert await a.add("new") is True
    await b.look()
    assert b.knows("old", "new") == [True, True]
    await b.add("newer")
    await a.look()
    assert a.knows("old", "new", "newer") == [True, True, True]


async def test_a_change_begins_with_what_others_have_changed(hosts: list[Host]) -> None:
    a, b = hosts
    await a.add("one")
    await b.add("two")  # it had not looked yet
    await a.look()
    assert a.knows("one", "two") == b.knows("one", "two") == [True, True]


async def test_of_two_changes_at_once_the_second_is_done_anew(hosts: list[Host], store: Common) -> None:
    a, b = hosts
    await b.add("by b")
    theirs, seen = store.files["rag known"], []

    def meanwhile() -> None:
        store.files["rag known"] = theirs._replace(at=theirs.at + 60_000)
        seen.append(True)

    store.before_write = meanwhile
    assert await a.add("by a") is True
    assert seen
    await b.look()
    assert b.knows("by a", "by b") == [True, True]


async def test_who_starts_later_takes_what_was_changed_and_needs_no_file(
    hosts: list[Host], store: Common, tmp_path: Path
) -> None:
    await hosts[0].add("new")
    late = Host(tmp_path / "late", store)
    await late.sharing.start()
    assert late.knows("old", "new") == [True, True]


async def test_a_file_that_is_rolled_out_later_stays(hosts: list[Host]) -> None:
    a, b = hosts
    await a.add("new")
    await b.look()
    made(Path(b.path), ["rolled out"])
    at = os.stat(b.path).st_mtime_ns + 5_000_000
    os.utime(b.path, ns=(at, at))
    await b.look()
    assert "rolled out" in load(b.path)
    await a.look()
    assert a.knows("new", "rolled out") == [True, False]


async def test_what_is_lost_is_written_back(hosts: list[Host], store: Common, tmp_path: Path) -> None:
    a, _ = hosts
    await a.add("new")
    store.files.clear()
    await a.look()
    late = Host(tmp_path / "late", store)
    await late.sharing.start()
    assert late.knows("new") == [True]


async def test_nothing_is_changed_where_others_cannot_be_told(hosts: list[Host], store: Common) -> None:
    a, b = hosts
    store.away = True
    with pytest.raises(StoreUnavailable):
        await a.add("new")
    await a.sharing.start()
    assert a.knows("new") == [False]
    store.away = False
    store.before_write = lambda: setattr(store, "away", True)
    with pytest.raises(StoreUnavailable):
        await a.add("new")  # it went away in between: they hear of it later
    store.away = False
    await a.look()
    await b.look()
    assert b.knows("new") == [True]


async def test_what_cannot_be_used_is_told_of_once_and_nothing_is_changed_by_it(
    hosts: list[Host], store: Common, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = hosts
    await a.add("new")
    good = store.files["rag known"]
    store.files["rag known"] = Shared(good.at + 1, good.data[:-1] + b"x")
    for _ in range(2):
        await b.look()
    assert b.knows("old", "new") == [True, False]
    assert len([r for r in caplog.records if "cannot be as on other hosts" in r.getMessage()]) == 1
    with pytest.raises(StoreUnavailable):
        await b.add("more")
    assert b.knows("more") == [False]


async def test_where_there_was_no_room_it_is_tried_again(
    hosts: list[Host], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = hosts
    await a.add("new")
    folder = Path(b.path).parent
    folder.rename(folder.with_name("away"))
    monkeypatch.setattr(sharing, "_RETRY_SECONDS", 0.0)
    for _ in range(3):
        await b.look()
    assert len([r for r in caplog.records if "cannot be as on other hosts" in r.getMessage()]) == 1
    folder.with_name("away").rename(folder)
    await b.look()
    assert b.knows("new") == [True]


async def test_what_fails_here_is_told_to_nobody(hosts: list[Host], store: Common) -> None:
    def work() -> None:
        raise FilterError("no")

    with pytest.raises(FilterError):
        await hosts[0].sharing.change(hosts[0].file, work)
    assert store.files == {}


async def test_too_large_to_share_or_nobody_to_share_with(
    hosts: list[Host], store: Common, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Host(tmp_path / "alone", None, "old")
    assert await alone.add("new") is False
    assert alone.knows("new") == [True]
    await alone.sharing.start()
    await alone.sharing.follow()
    monkeypatch.setattr(sharing, "MOST", 10)
    assert await hosts[0].add("new") is False
    assert hosts[0].knows("new") == [True]
    assert store.files == {}


async def test_followers_go_on_after_the_store_was_away(
    hosts: list[Host], store: Common, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = hosts
    monkeypatch.setattr(sharing, "EVERY", 0.001)
    store.away = True
    following = asyncio.create_task(b.sharing.follow())
    async with asyncio.timeout(5):
        while "not heard of" not in caplog.text:
            await asyncio.sleep(0.001)
        store.away = False
        await a.add("new")
        while b.file.filter is None or "new" not in b.file.filter:
            await asyncio.sleep(0.001)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


def test_a_file_that_two_routes_use_has_one_name() -> None:
    from gateway.guard.bloom import Filters

    filters, one, other = Filters(lambda: 0.5), Loaded("a", "known"), Loaded("b", "vocabulary")
    filters._loaded = {("x", "known"): one, ("y", "known"): one, ("y", "vocabulary"): other}
    assert filters.shared() == {"x known": one, "y vocabulary": other}


def test_a_filter_of_this_size_is_what_the_bound_allows() -> None:
    assert Filter("known", 15_000_000, 0.001).size < sharing.MOST
