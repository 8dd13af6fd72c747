"""Durations, sizes and jitter as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.units import (
    Jitter,
    Share,
    format_duration,
    format_jitter,
    format_share,
    format_size,
    parse_duration,
    parse_jitter,
    parse_percent,
    parse_share,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("1h30m", 5400),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        ("2d", 172_800),
        (0, 0),
        ("0", 0),
        ("0s", 0),
        (" 1s ", 1),
    ],
)
def test_durations(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "90", 90, "10 minutes", "-1s", "s", "1S", "1s 2", None, True, False, "٣s", float("inf"), "9" * 400 + "s"],
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration such as"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MiB", 64 << 20), ("1.5 GB", 1_500_000_000), ("2kB", 2000), (512, 512), ("512", 512), ("7B", 7), (0, 0)],
)
def test_sizes(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "1.5", "0.3B", "1KB", "-1", -1, "1mb", True, None, "9" * 400, "9" * 400 + ".0GiB", 10**30]
)
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a size such as"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "jitter"),
    [("10%", Jitter(share=0.1)), ("2.5 %", Jitter(share=0.025)), ("30s", Jitter(seconds=30)), (0, Jitter())],
)
def test_jitter(text: object, jitter: Jitter) -> None:
    assert parse_jitter(text) == jitter


@pytest.mark.parametrize("text", ["200%", "x", 10, "10", None])
def test_what_is_no_jitter_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_jitter(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.05, "50ms"), (90, "90s"), (600, "10m"), (3600, "1h"), (604_800, "7d"), (1.5, "1500ms")],
)
def test_durations_are_written_in_one_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, 10**12))
def test_a_written_duration_reads_as_the_same(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@given(st.integers(0, 2**63 - 1))
def test_a_written_size_reads_as_the_same(size: int) -> None:
    assert parse_size(format_size(size)) == size


@given(st.floats(0, 1))
def test_a_written_share_reads_as_the_very_same(share: float) -> None:
    assert parse_jitter(format_jitter(Jitter(share=share))) == Jitter(share=share)


@given(st.integers(0, 1000))
def test_a_written_jitter_reads_as_the_same(seconds: int) -> None:
    assert parse_jitter(format_jitter(Jitter(seconds=seconds))) == Jitter(seconds=seconds)


@pytest.mark.parametrize(("share", "text"), [(0.1, "10%"), (0.025, "2.5%"), (1.0, "100%"), (0.001, "0.1%")])
def test_shares_are_written_in_percent(share: float, text: str) -> None:
    assert format_jitter(Jitter(share=share)) == text


@pytest.mark.parametrize(("text", "percent"), [("10%", 10), ("125 %", 125), (0, 0), (50, 50)])
def test_percent(text: object, percent: int) -> None:
    assert parse_percent(text) == percent


@pytest.mark.parametrize("text", ["10", "1.5%", "-1%", "%", True, 0.5, -1, None])
def test_what_is_no_percentage_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="whole percentage"):
        parse_percent(text)


@pytest.mark.parametrize(("text", "share"), [("0.1%", 0.001), ("100 %", 1), (0, 0), ("0%", 0), (Share(0.5), 0.5)])
def test_shares(text: object, share: float) -> None:
    assert parse_share(text) == Share(share)
    assert parse_share(format_share(Share(share))) == Share(share)


@pytest.mark.parametrize("text", ["101%", "0.1", 0.1, 1, "10s", "", None, True, False])
def test_what_is_no_share_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_share(text)
