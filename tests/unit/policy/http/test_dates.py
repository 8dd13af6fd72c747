from email.utils import formatdate

import pytest

from gateway.policy.http.dates import http_date

EXAMPLE = 784_111_777.0  # the moment that RFC 9110 writes in three ways
NOW = 1_764_000_000.0  # November 2025


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE, id="9110-5.6.7-imf-fixdate"),
        pytest.param(b"Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE, id="9110-5.6.7-rfc850"),
        pytest.param(b"Sun Nov  6 08:49:37 1994", EXAMPLE, id="9110-5.6.7-asctime"),
        pytest.param(b"Sun Nov 16 08:49:37 1994", EXAMPLE + 864_000, id="9110-5.6.7-asctime-two-digit-day"),
        pytest.param(b"sun, 06 nov 1994 08:49:37 gmt", EXAMPLE, id="9110-5.6.7-lower-case"),
        pytest.param(b"SUN, 06 NOV 1994 08:49:37 gMt", EXAMPLE, id="9110-5.6.7-mixed-case"),
        pytest.param(b"Mon, 06 Nov 1994 08:49:37 GMT", EXAMPLE, id="9110-5.6.7-wrong-day-name"),
        pytest.param(b"Xyz, 06 Nov 1994 08:49:37 GMT", EXAMPLE, id="9110-5.6.7-unknown-day-name"),
        pytest.param(b" Sun, 06 Nov 1994 08:49:37 GMT\t", EXAMPLE, id="9110-5.5-space-around"),
        pytest.param(b"Thu, 01 Jan 1970 00:00:00 GMT", 0.0, id="9110-5.6.7-epoch"),
        pytest.param(b"Wed, 31 Dec 1969 23:59:59 GMT", -1.0, id="9110-5.6.7-before-the-epoch"),
        pytest.param(b"Tue, 19 Jan 2038 14:14:08 GMT", 2_147_523_248.0, id="9110-5.6.7-over-32-bits"),
        pytest.param(b"Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799.0, id="9110-5.6.7-last-year"),
        pytest.param(b"Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800.0, id="9110-5.6.7-leap-second"),
        pytest.param(b"Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800.0, id="9110-5.6.7-leap-day"),
        pytest.param(b"Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400.0, id="9110-5.6.7-leap-day-of-a-century"),
    ],
)
def test_dates_that_are_read(value: bytes, moment: float) -> None:
    assert http_date(value) == moment
    assert http_date(value, NOW) == moment


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"0", id="9111-5.3-zero"),
        pytest.param(b"-1", id="9111-5.3-minus-one"),
        pytest.param(b"784111777", id="unix-seconds"),
        pytest.param(b"yesterday", id="word"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:37", id="no-zone"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 UTC", id="utc"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 +0000", id="offset-zero"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 -0800", id="offset"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 EST", id="other-zone"),
        pytest.param(b"Sun Nov  6 08:49:37 1994 GMT", id="asctime-with-a-zone"),
        pytest.param(b"Sun, 06 Nov 94 08:49:37 GMT", id="two-digit-year-of-imf"),
        pytest.param(b"Sunday, 06-Nov-1994 08:49:37 GMT", id="four-digit-year-of-rfc850"),
        pytest.param(b"Sun, 06-Nov-1994 08:49:37 GMT", id="dashes"),
        pytest.param(b"Sun 06 Nov 1994 08:49:37 GMT", id="no-comma"),
        pytest.param(b"06 Nov 1994 08:49:37 GMT", id="no-day-name"),
        pytest.param(b"Sun, 6 Nov 1994 08:49:37 GMT", id="one-digit-day"),
        pytest.param(b"Sun, 06  Nov  1994 08:49:37 GMT", id="two-spaces"),
        pytest.param(b"Sun, 06 Nov 1994 8:49:37 GMT", id="one-digit-hour"),
        pytest.param(b"Sun, 06 Nov 1994 08.49.37 GMT", id="points"),
        pytest.param(b"Sun, 06 Nov 1994 08:49 GMT", id="no-seconds"),
        pytest.param(b"Sun, 06 Nov 1994 24:00:00 GMT", id="hour-24"),
        pytest.param(b"Sun, 06 Nov 1994 08:60:00 GMT", id="minute-60"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:61 GMT", id="second-61"),
        pytest.param(b"Sun, 00 Nov 1994 08:49:37 GMT", id="day-0"),
        pytest.param(b"Sun, 31 Nov 1994 08:49:37 GMT", id="day-31-of-november"),
        pytest.param(b"Wed, 29 Feb 2023 00:00:00 GMT", id="no-leap-year"),
        pytest.param(b"Thu, 29 Feb 1900 00:00:00 GMT", id="no-leap-century"),
        pytest.param(b"Sun, 06 Foo 1994 08:49:37 GMT", id="no-month"),
        pytest.param(b"Sat, 01 Jan 0000 00:00:00 GMT", id="year-0"),
        pytest.param(b"Thu, 01 Jan 99999 00:00:00 GMT", id="five-digit-year"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", id="two-dates"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 GMT\x00", id="nul"),
        pytest.param("Sun, \u0660\u0666 Nov 1994 08:49:37 GMT".encode(), id="other-digits"),
        pytest.param(b" " * 100_000, id="long"),
        pytest.param(b"\xff\x00", id="bytes"),
    ],
)
def test_what_is_no_date(value: bytes) -> None:
    assert http_date(value) is None
    assert http_date(value, NOW) is None


@pytest.mark.parametrize(
    ("value", "now", "date"),
    [
        pytest.param(b"Friday, 18-Nov-50 02:01:18 GMT", NOW, b"Fri, 18 Nov 2050 02:01:18 GMT", id="25-years-ahead"),
        pytest.param(b"Monday, 04-Nov-75 02:01:18 GMT", NOW, b"Mon, 04 Nov 2075 02:01:18 GMT", id="just-under-50"),
        pytest.param(b"Monday, 02-Dec-75 02:01:18 GMT", NOW, b"Tue, 02 Dec 1975 02:01:18 GMT", id="just-over-50"),
        pytest.param(b"Sunday, 06-Nov-94 08:49:37 GMT", NOW, b"Sun, 06 Nov 1994 08:49:37 GMT", id="69-years-ahead"),
        pytest.param(b"Saturday, 01-Jan-00 00:00:00 GMT", NOW, b"Sat, 01 Jan 2000 00:00:00 GMT", id="this-century"),
        pytest.param(b"Saturday, 01-Jan-00 00:00:00 GMT", 946_684_799.0, b"Sat, 01 Jan 2000 00:00:00 GMT", id="next"),
        pytest.param(b"Sunday, 29-Feb-00 00:00:00 GMT", 3.9e9, b"Tue, 29 Feb 2000 00:00:00 GMT", id="only-leap-one"),
        pytest.param(b"Friday, 18-Nov-50 02:01:18 GMT", None, b"Fri, 18 Nov 2050 02:01:18 GMT", id="no-clock"),
        pytest.param(b"Friday, 18-Nov-94 02:01:18 GMT", None, b"Fri, 18 Nov 1994 02:01:18 GMT", id="no-clock-past"),
    ],
)
def test_years_of_two_digits_are_at_most_50_years_ahead(value: bytes, now: float | None, date: bytes) -> None:
    assert http_date(value, now) == http_date(date)


@pytest.mark.parametrize("moment", [0, 1, 86_399, 951_868_800, 1_700_000_000, 4_102_444_800, 32_503_680_000])
def test_dates_as_they_are_written_come_back(moment: int) -> None:
    assert http_date(formatdate(moment, usegmt=True).encode()) == moment
