"""Where ragfront and the public suite of HTTP cache tests differ, and why: ids of tests (fnmatch) -> the reason.

Whatever it does not pass and what is not named here is an error of ours, or has turned up since.
"""

from fnmatch import fnmatchcase

# Required tests that ask for what no RFC asks for (any more): those a cache may fail and keep to RFC 9111.
NO_RULE = {
    "age-parse-*": "RFC 9111 section 5.1: of several members of Age the first one counts, and what is no number is "
    "ignored; the tests are of before, and want all of these answers taken for stale",
    "surrogate-*": "Surrogate-Control is of a W3C note of 2001. It is obeyed where the route's `targets` name it, "
    "but as RFC 9213 writes such fields: not `MaX-aGe`, and not for a name that we would have to tell every upstream",
}

OTHERWISE = {
    "304-etag-update-response-ETag": "RFC 9111 section 4.3.4: a 304 that names another strong tag is about another "
    "answer, and changes none",
    "headers-store-Transfer-Encoding": "RFC 9112 section 6.1: a made-up transfer coding is a broken answer (502)",
    "*-Content-Length": "more bytes come than Content-Length has said; only whole answers are stored",
    "*-Content-Range": "a 200 with Content-Range is not stored: services page by it, and of a stored one, all would "
    "be sent to who asks for a page",
    "*-Content-Encoding": "a coding reaches only clients that accept it, and nobody accepts a made-up one",
    "*-Set-Cookie": "answers that set cookies are not stored, unless they say that they are for all, or the route "
    "says `set_cookie: keep`",
    "*-Set-Cookie2": "as Set-Cookie",
    "other-set-cookie": "as Set-Cookie",
    "stale-close-*": "of a cache that serves what is stale where the service is away; we do where the answer or its "
    "client says so (RFC 5861)",
    "method-POST": "answers to POST are stored by the routes that are made for it, not by RFC 9111",
    "vary-normalise-lang-*": "many services take the first of two languages that weigh alike, so their order counts; "
    "the origin chooses, not we",
    "vary-normalise-space": "of a field that nobody knows, another spelling may mean another thing",
    "conditional-lm-fresh-no-lm": "RFC 9110 section 13.1.3: without Last-Modified, Date stands in, and it is later "
    "than the date that the client asks about",
    "partial-store-partial-*": "RFC 9111 section 3.4: parts are put together under a strong tag, and these have "
    "none (and most are a byte shorter than their Content-Range says)",
    "other-cookie": "cookies tell callers apart, so their answers are; the route says otherwise by "
    "`key: {identity: shared}`",
}  # fmt: skip


def reason(test: str, reasons: dict[str, str]) -> str | None:
    """Why a test is not passed; None where nothing is known of it."""
    return next((why for pattern, why in reasons.items() if fnmatchcase(test, pattern)), None)


__all__ = ["NO_RULE", "OTHERWISE", "reason"]
