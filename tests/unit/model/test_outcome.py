"""Outcome and Reason: closed sets, spelled as labels and as RFC 9211 tokens."""

import re

from gateway.model.outcome import Outcome, Reason


def test_each_is_a_token_and_stands_once():
    for values in (list(Outcome), list(Reason)):
        assert len({str(value) for value in values}) == len(values)
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*", value) for value in values)
