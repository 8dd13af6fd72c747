"""Filter files: what was put in is found again; what cannot be trusted is refused with a reason."""

import os
import stat
import struct
from pathlib import Path

import pytest

from gateway.guard.filterfile import _BODY, _HEADER, Filter, FilterError, Overfull, load, save
from tests.support.filters import made

IDS = [f"kb-{n}" for n in range(1000)]


def test_what_was_put_in_is_there_after_saving_and_loading(tmp_path: Path) -> None:
    path = made(tmp_path / "f", IDS, error_rate=1e-3)
    filter = load(path, "known")
    assert all(text in filter for text in IDS)
    assert sum(f"no-{n}" in filter for n in range(10_000)) < 30
    assert (filter.kind, len(filter), filter.capacity, filter.error_rate) == ("known", 1000, 10_000, 1e-3)
    assert filter.header() == load(path).header()
    assert 0 < filter.expected_rate < 1e-3
    assert Filter("known", 1, 0.1).expected_rate == 0


def test_the_design_rate_holds_at_capacity() -> None:
    filter = Filter("known", 40_000, 1e-2)
    for n in range(40_000):
        filter.add(f"in-{n}")
    wrong = sum(f"out-{n}" in filter for n in range(20_000))
    assert 130 < wrong < 270  # 200 expected, five standard deviations of 14
    assert filter.expected_rate == pytest.approx(1e-2, rel=0.05)


def test_more_than_the_capacity_is_refused_and_repeats_are_not() -> None:
    filter = Filter("known", 3, 1e-6)
    assert [filter.add(text) for text in ("a", "b", "c", "a")] == [True, True, True, False]
    with pytest.raises(Overfull, match="more than its capacity of 3"):
        filter.add("d")
    assert "d" not in filter
    assert len(filter) == 3


def test_any_changed_byte_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "f"
    made(path, IDS)
    whole = path.read_bytes()
    for at in [*range(_BODY), _BODY, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(FilterError):
            load(str(path))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda whole: b"", "an empty file"),
        (lambda whole: b"kb-1\nkb-2\n" * 100, "not a filter of ragfront's"),
        (lambda whole: whole[:50], "cut short"),
        (lambda whole: whole[:-1], "cut short"),
        (lambda whole: whole[: len(whole) // 2], "cut short"),
        (lambda whole: whole + b"x", "corrupt: its figures do not fit together"),
        (lambda whole: whole[:-1] + b"\xff", "corrupt: its checksum does not fit"),
        (lambda whole: whole[:20] + b"\xff" + whole[21:], "corrupt: its header's checksum does not fit"),
    ],
)
def test_a_file_that_cannot_be_trusted_says_why(tmp_path: Path, content, reason: str) -> None:
    path = tmp_path / "f"
    made(path, IDS)
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(FilterError, match=reason):
        load(str(path))


def forged(path: Path, **changed: float) -> None:
    """A file whose checksums fit, but with other figures."""
    import hashlib
    import zlib

    names = (
        "version",
        "kind",
        "tokenizing",
        "zero",
        "rate",
        "capacity",
        "count",
        "slices",
        "per_slice",
        "made",
        "bits",
    )
    whole = path.read_bytes()
    values = dict(zip(names, _HEADER.unpack(whole[8 : 8 + _HEADER.size]), strict=True)) | changed
    packed = _HEADER.pack(*values.values())
    digest = hashlib.sha256(packed + whole[_BODY:]).digest()
    path.write_bytes(whole[:8] + packed + struct.pack("<I", zlib.crc32(packed)) + digest + whole[_BODY:])


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"version": 2}, "of version 2; this ragfront reads version 1"),
        ({"kind": 9}, "expected it to be built anew"),
        ({"slices": 1 << 60}, "figures do not fit"),
        ({"per_slice": 0}, "figures do not fit"),
        ({"per_slice": 0, "bits": 0}, "figures do not fit"),
        ({"rate": 2.0}, "figures do not fit"),
        ({"rate": float("nan")}, "figures do not fit"),
        ({"count": 0}, "it holds nothing, and would reject every request"),
        ({"kind": 2, "tokenizing": 77}, "told apart by another version"),
    ],
)
def test_figures_that_cannot_be_are_refused_whatever_their_checksum(tmp_path: Path, changed, reason: str) -> None:
    path = tmp_path / "f"
    made(path, IDS)
    forged(path, **changed)
    with pytest.raises(FilterError, match=reason):
        load(str(path))


def test_a_filter_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "f", IDS, "vocabulary")
    with pytest.raises(FilterError, match="a filter of kind vocabulary; expected one built with --known"):
        load(path, "known")


def test_a_file_that_is_not_there_and_one_that_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(FilterError, match="cannot be read: "):
            load(str(path))


def test_saving_replaces_the_file_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "f"
    made(path, ["a"])
    before = os.stat(path)
    made(path, ["b"])
    assert os.stat(path).st_ino != before.st_ino
    assert stat.S_IMODE(before.st_mode) & 0o044  # others may read it, as the umask says
    with pytest.raises(OSError, match="No such"):
        save(load(str(path)), str(tmp_path / "none" / "f"))
    assert [file.name for file in tmp_path.iterdir()] == ["f"]
