"""Exchange: what is assumed of a request before anything is known."""

from gateway.model.exchange import Exchange, Request
from gateway.model.fields import Fields
from gateway.model.outcome import Outcome


def test_until_something_is_decided_it_is_a_bypass_without_a_body():
    request = Request(b"GET", b"/", (1, 1), Fields(), b"/", None, b"gw", b"http", "192.0.2.1")
    x = Exchange(request, started=1.0, now=2.0)
    assert (x.outcome, x.reason, x.route, x.key) == (Outcome.BYPASS, None, None, None)
    assert (x.body, x.rest, x.length, x.trailers()) == (b"", None, 0, ())
