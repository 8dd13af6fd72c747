"""Outcome and Reason: how a request ended, and why. Closed sets; every teller of stories reads these."""

from enum import StrEnum


class Outcome(StrEnum):
    """How a request was answered (one per request; a metric label, an access-log field)."""

    HIT = "hit"  # a fresh entry
    STALE = "stale"  # an entry past its freshness lifetime, inside one of its stale windows
    MISS = "miss"  # asked upstream, cacheable request
    COLLAPSED = "collapsed"  # got the answer of somebody else's upstream call
    BYPASS = "bypass"  # not looked up: streamed through
    EMPTY = "empty"  # a stored null marker: the upstream has nothing for this query
    REJECTED = "rejected"  # a guard knows that it cannot exist
    DEGRADED = "degraded"  # documents or a static answer instead of the generated one
    SHED = "shed"  # refused to protect the upstream
    ERROR = "error"  # refused as malformed, or the upstream failed and nothing could stand in


class Reason(StrEnum):
    """Why. At most one per request: the first that decided something."""

    # The request is not looked up (bypass).
    NO_ROUTE = "no-route"
    MODE_OFF = "mode-off"
    SHADOW = "shadow"
    UPGRADE = "upgrade"
    MULTIPART = "multipart"
    REQUEST_BODY_TOO_LARGE = "request-body-too-large"
    REQUEST_ENCODED = "request-encoded"
    REQUEST_NO_STORE = "request-no-store"
    REQUEST_RANGE = "request-range"
    REQUEST_METHOD = "request-method"
    REQUEST_BODY = "request-body"  # of a GET: nobody can say what it means
    REQUEST_CONDITION = "request-condition"  # if-match, if-unmodified-since: about what the upstream has now
    BYPASS_WHEN = "bypass-when"
    ITEMS_APART = "items-apart"  # a list whose items could not be answered one by one
    GIVEN_UP = "given-up"  # an answer to this key was lately found not to be storable

    # The request is looked up, but what is stored cannot be used.
    REQUEST_NO_CACHE = "request-no-cache"
    VARY_MISS = "vary-miss"
    CODING_NOT_ACCEPTED = "coding-not-accepted"
    PURGED = "purged"
    STALE = "stale"  # it is fresh no more, and no stale window is open
    NO_CACHE = "no-cache"  # it says itself that it has to be validated before each use
    ONLY_IF_CACHED = "only-if-cached"  # and the client wants nothing that would have to be asked for (504)

    # The answer is not stored.
    DUPLICATE_MEMBERS = "duplicate-members"
    STATUS = "status"
    NO_STORE = "no-store"
    PRIVATE = "private"
    AUTHORIZATION = "authorization"  # it was asked for with credentials, and nothing allows to share it
    SET_COOKIE = "set-cookie"
    VARY_STAR = "vary-star"
    PARTIAL_CONTENT = "partial-content"
    ANSWER_TOO_LARGE = "answer-too-large"
    TRUNCATED = "truncated"
    STREAM = "stream"  # its events cannot be told apart
    STREAM_FAILED = "stream-failed"  # an event in it says so
    STORE_UNLESS = "store-unless"
    NOT_FRESH = "not-fresh"  # the upstream says that it is stale at once
    TRAILERS = "trailers"

    # A filter says that there is no answer (rejected).
    BLOOM_KNOWN = "bloom-known"
    BLOOM_VOCABULARY = "bloom-vocabulary"
    BLOOM_SEEN_EMPTY = "bloom-seen-empty"

    # A tier could not say.
    L2_DOWN = "l2-down"
    L2_TIMEOUT = "l2-timeout"

    # A stale answer, or another one that stands in, is served because ...
    REVALIDATING = "revalidating"
    UPSTREAM_FAILED = "upstream-failed"
    TIMEOUT = "timeout"  # no usable answer within degrade.after

    # A fresh answer is served, and ...
    REVALIDATING_EARLY = "revalidating-early"  # this request has had it asked anew before its end

    # The upstream failed.
    UPSTREAM_UNREACHABLE = "upstream-unreachable"
    UPSTREAM_TIMEOUT = "upstream-timeout"
    UPSTREAM_RESET = "upstream-reset"
    UPSTREAM_PROTOCOL = "upstream-protocol"
    BREAKER_OPEN = "breaker-open"  # no replica may be asked now: none of them gave answers lately
    DRAINED = "drained"  # an operator has taken all replicas out

    # The upstream was not asked, to protect it.
    BUDGET = "budget"  # its client has spent what it may have asked for
    CONCURRENCY = "concurrency"  # too many calls are under way, and too many wait

    # The client's side.
    BAD_REQUEST = "bad-request"
    TOO_LARGE = "too-large"
    CLIENT_GONE = "client-gone"
    CLIENT_TIMEOUT = "client-timeout"
    LOOP = "loop"  # our own Via came back to us
    INTERNAL = "internal"
