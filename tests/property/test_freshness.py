"""Freshness: verdicts only ever get worse while time goes on, and no clock makes an entry live for ever."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.fields import Fields
from gateway.policy.freshness import SKEW, Verdict, age, classify, coarse, ttl
from gateway.policy.ttl import lifetimes
from tests.support.policy import entry, route

ORDER = [Verdict.FRESH, Verdict.STALE_REVALIDATE, Verdict.STALE_ERROR, Verdict.EXPIRED]
TIMES = st.floats(min_value=0, max_value=4e9)
SPANS = st.floats(min_value=0, max_value=1e7)


@given(TIMES, SPANS, SPANS, SPANS, TIMES, SPANS)
def test_verdicts_only_get_worse(
    stored: float, fresh: float, revalidate: float, error: float, now: float, later: float
) -> None:
    kept = entry(
        stored_at=stored,
        fresh_until=stored + fresh,
        stale_while_until=stored + fresh + revalidate,
        stale_error_until=stored + fresh + error,
    )
    if kept.stored_at - now > SKEW:
        assert classify(kept, now) is Verdict.EXPIRED
        return
    assert ORDER.index(classify(kept, now)) <= ORDER.index(classify(kept, now + later))
    assert (ttl(kept, now) >= 0) is (classify(kept, now) is Verdict.FRESH)


@given(TIMES, SPANS, TIMES)
def test_no_entry_is_usable_for_longer_than_its_windows_and_the_skew(stored: float, fresh: float, now: float) -> None:
    kept = entry(stored_at=stored, fresh_until=stored + fresh, stale_while_until=0.0, stale_error_until=0.0)
    if classify(kept, now) is not Verdict.EXPIRED:
        assert kept.stored_at - SKEW <= now <= stored + fresh


@given(TIMES, TIMES, SPANS, SPANS)
def test_age_is_never_negative_and_never_runs_back(stored: float, now: float, initial: float, later: float) -> None:
    kept = entry(stored_at=stored, initial_age=initial)
    assert 0 <= age(kept, now) <= age(kept, now + later)
    assert age(kept, now) >= int(initial)


@given(
    st.integers(min_value=0, max_value=10**6),
    st.floats(min_value=0, max_value=1),
    st.floats(min_value=0, max_value=1, exclude_max=True),
    st.none() | st.integers(min_value=-5, max_value=10**12),
    st.none() | st.integers(min_value=-5, max_value=10**12),
    st.booleans(),
)
def test_lifetimes_stay_within_what_route_and_upstream_grant(
    ttl_seconds: int, share: float, drawn: float, max_age: int | None, came_aged: int | None, empty: bool
) -> None:
    settings = route(cache={"ttl": f"{ttl_seconds}s", "jitter": f"{round(share * 100)}%"})
    pairs = [(b"Cache-Control", b"max-age=%d" % max_age)] if max_age is not None else []
    pairs += [(b"Age", b"%d" % came_aged)] if came_aged is not None else []
    found = lifetimes(settings, Fields(pairs), empty, 1e9, lambda: drawn)
    base = settings.empty.ttl if empty else settings.cache.ttl
    assert 0 <= found.fresh <= base * (1 + round(share * 100) / 100) + 1e-6
    if max_age is not None:
        assert found.fresh <= max(0, max_age - max(0, came_aged or 0))
    assert found.initial_age >= 0
    assert not (empty and (found.stale_if_error or found.stale_while_revalidate))


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80))
def test_any_field_values_give_lifetimes(control: bytes, expires: bytes, date: bytes) -> None:
    fields = Fields([(b"Cache-Control", control), (b"Expires", expires), (b"Date", date), (b"Age", control)])
    found = lifetimes(route(), fields, False, 1e9, lambda: 0.5)
    assert 0 <= found.fresh <= 660


@given(st.floats(min_value=0, max_value=1e11), st.integers(min_value=2, max_value=12))
def test_coarse_never_lengthens_and_takes_off_less_than_its_last_digit(seconds: float, digits: int) -> None:
    assert seconds * (1 - 2.0 ** (1 - digits)) <= coarse(seconds, digits) <= seconds
    assert coarse(coarse(seconds, digits), digits) == coarse(seconds, digits)
