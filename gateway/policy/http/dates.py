"""Dates in fields: the three formats of RFC 9110 section 5.6.7, read strictly. No clock: the present is an argument."""

import re
from calendar import timegm

_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TIME = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMATS = (
    # Sun, 06 Nov 1994 08:49:37 GMT
    re.compile(rb"[a-z]{3}, (?P<day>\d\d) (?P<month>[a-z]{3}) (?P<year>\d{4}) " + _TIME + rb" gmt"),
    # Sunday, 06-Nov-94 08:49:37 GMT
    re.compile(rb"[a-z]{6,9}, (?P<day>\d\d)-(?P<month>[a-z]{3})-(?P<year>\d\d) " + _TIME + rb" gmt"),
    # Sun Nov  6 08:49:37 1994
    re.compile(rb"[a-z]{3} (?P<month>[a-z]{3}) (?P<day>\d\d| \d) " + _TIME + rb" (?P<year>\d{4})"),
)
_LONGEST = 40  # bytes; the longest of them has 33


def http_date(value: bytes, now: float | None = None) -> float | None:
    """An HTTP date -> Unix seconds, or None for what is none.

    Case does not matter, and neither does which day of the week it claims to be: the two are often wrong and decide
    nothing. All else has to be as the grammar has it. Other zones than GMT (`UTC` and `+0000` among them), other
    spaces, missing digits are no HTTP date: a cache that guesses what was meant keeps an answer for longer than
    one that does not.

    now: Unix seconds, for years of two digits: the latest such year that is not over 50 years ahead of it (section
    5.6.7). Without it, 69 to 99 are of the last century, as in POSIX.
    """
    text = value.strip(b" \t").lower()
    if len(text) > _LONGEST:
        return None
    for form in _FORMATS:
        match = form.fullmatch(text)
        if match is not None:
            return _seconds(match, now)
    return None


def _seconds(match: re.Match[bytes], now: float | None) -> float | None:
    day, hour, minute, second = (int(match[name]) for name in ("day", "hour", "minute", "second"))
    if match["month"] not in _MONTHS or hour > 23 or minute > 59 or second > 60:  # 60: a leap second
        return None
    month = _MONTHS.index(match["month"]) + 1
    if len(match["year"]) == 4:
        return _unix(int(match["year"]), month, day, hour, minute, second)
    two_digits = int(match["year"])
    if now is None:
        return _unix(two_digits + (1900 if two_digits > 68 else 2000), month, day, hour, minute, second)
    horizon = now + 50 * 365.2425 * 86_400
    centuries = range(int(1970 + horizon / (365.2425 * 86_400)) // 100 * 100, 0, -100)
    candidates = (_unix(century + two_digits, month, day, hour, minute, second) for century in centuries)
    return next((moment for moment in candidates if moment is not None and moment <= horizon), None)


def _unix(year: int, month: int, day: int, hour: int, minute: int, second: int) -> float | None:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = 28 if month == 2 and not leap else _DAYS[month - 1]
    if year < 1 or not 1 <= day <= last:
        return None
    return float(timegm((year, month, day, hour, minute, second)))
