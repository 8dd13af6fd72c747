"""Lines: files, gzip and standard input, of any size; what cannot be read is said."""

import gzip
from pathlib import Path

import pytest

from gateway.advise.lines import LONGEST, LogError, lines, size


def test_lines_with_the_bytes_that_each_took(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"one\n\nlast")
    assert list(lines(str(tmp_path / "log"))) == [(b"one\n", 4), (b"\n", 1), (b"last", 4)]


def test_gzip_is_known_by_its_first_bytes_and_counts_as_it_lies_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "log.1"
    path.write_bytes(gzip.compress(b"line\n" * 50_000))
    found = list(lines(str(path)))
    assert len(found) == 50_000
    assert 0 < sum(count for _, count in found) <= path.stat().st_size == size([str(path)])


def test_a_line_without_an_end_is_not_read_into_memory_whole(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * (2 * LONGEST + 5) + b"\nnext\n")
    found = [line for line, _ in lines(str(tmp_path / "log"))]
    assert [len(line) for line in found] == [LONGEST, 5]
    assert found[1] == b"next\n"


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: data[:40] + b"xxxx" + data[44:]])
def test_gzip_that_is_damaged_is_said(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "log.gz"
    path.write_bytes(damage(gzip.compress(bytes(range(256)) * 1000)))
    with pytest.raises(LogError, match=r"log\.gz: its gzip data is damaged or cut short"):
        list(lines(str(path)))


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="nowhere: No such file or directory"):
        list(lines(str(tmp_path / "nowhere")))
    with pytest.raises(LogError, match="Is a directory"):
        list(lines(str(tmp_path)))
    assert size([str(tmp_path / "nowhere")]) is None
    assert size(["-"]) is None
