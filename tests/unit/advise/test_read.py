"""Read: logs of each format, what is counted, and what is said where nothing can be made of one."""

import json
from pathlib import Path

import pytest

from gateway.advise.formats import Format
from gateway.advise.lines import LogError
from gateway.advise.read import ENTRY, Tally, Wanted, read
from gateway.policy.forecast import Forecast, Forecaster
from tests.unit.advise.test_formats import NGINX, ours

ANY = Wanted()


def reading(path: Path, data: bytes, wanted: Wanted = ANY) -> tuple[Tally, Forecast]:
    path.write_bytes(data)
    forecaster = Forecaster((60, 3600), (1 << 20,))
    tally = read([str(path)], wanted, forecaster, lambda _bytes, _lines: None)
    return tally, forecaster.result()


def test_the_format_is_told_by_the_first_lines(tmp_path: Path) -> None:
    assert reading(tmp_path / "a", ours() * 3)[0].format == Format.RAGFRONT
    assert reading(tmp_path / "b", b"\n# a comment\n" + NGINX * 3)[0].format == Format.NGINX
    assert reading(tmp_path / "c", b'{"time": 1, "question": "a"}\n' * 3)[0].format == Format.JSONL


def test_lines_that_cannot_be_read_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    tally, forecast = reading(tmp_path / "log", ours() * 30 + b"garbage\n\n{}\n" + ours()[:40] + b"\n" + ours())
    assert (tally.lines, tally.bad, forecast.questions) == (35, 3, 31)
    assert tally.first_bad == f"{tmp_path / 'log'}:31"


def test_sizes_and_times_of_calls_are_those_of_the_log_or_stated(tmp_path: Path) -> None:
    tally, forecast = reading(tmp_path / "log", ours() * 2)
    assert (forecast.distinct_bytes, tally.sized, tally.mean_seconds) == (1234 + ENTRY, 2, 0.5)
    bare = b'{"time": 1, "question": "a"}\n'
    tally, forecast = reading(tmp_path / "log", bare, Wanted(size=100))
    assert (forecast.distinct_bytes, tally.sized, tally.mean_seconds) == (100 + ENTRY, 0, None)


def test_one_route_alone(tmp_path: Path) -> None:
    tally, forecast = reading(tmp_path / "log", ours() * 3, Wanted(route=json.loads(ours())["route"]))
    assert (tally.passed, forecast.questions) == (0, 3)
    with pytest.raises(LogError, match="none of route other"):
        reading(tmp_path / "log", ours() * 3, Wanted(route="other"))


@pytest.mark.parametrize(
    ("data", "wanted", "told"),
    [
        (b"", ANY, "log: empty"),
        (b"\n\n", ANY, "log: empty"),
        (b"what is this\n", ANY, "log: unknown format; expected"),
        (b'{"a": 1}\n', ANY, "--time and --question say where they stand"),
        (b"[1]\n", ANY, "unknown format"),
        (b'{"time": 1, "question": "a"}\n', Wanted(question="/q"), r"a question \(/q\)"),
        (NGINX.replace(b"GET", b"POST"), ANY, "log_format questions"),
        (b"garbage\n", Wanted(format=Format.RAGFRONT), r"no questions in 1 lines \(1 could not be read\)"),
    ],
)
def test_where_nothing_can_be_made_of_it_that_is_said(tmp_path: Path, data: bytes, wanted: Wanted, told: str) -> None:
    with pytest.raises(LogError, match=told):
        reading(tmp_path / "log", data, wanted)


def test_several_logs_go_on_from_each_other(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(ours())
    (tmp_path / "none").write_bytes(b"")
    (tmp_path / "new").write_bytes(b'{"time": 1700000030, "question": "a"}\n')
    forecaster = Forecaster((60, 3600), (1 << 20,))
    names = [str(tmp_path / name) for name in ("old", "none", "new")]
    tally = read(names, Wanted(), forecaster, lambda _bytes, _lines: None)
    assert (tally.lines, forecaster.result().span) == (2, 29.75)
