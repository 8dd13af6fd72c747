"""Staleness: for how long may an answer be served that is fresh no more (RFC 9111 section 4.2.4, RFC 5861)?"""

from gateway.model.entry import Windows
from gateway.model.fields import Fields
from gateway.policy.http.directives import CDN, governing
from gateway.policy.http.freshness import Lifetime

NEVER = Windows(0.0, 0.0)


def windows(
    fields: Fields,
    lifetime: Lifetime,
    most: Windows,
    unstated: Windows = NEVER,
    *,
    targets: tuple[bytes, ...] = CDN,
) -> Windows:
    """Seconds past its freshness in which an answer may be served: while somebody asks anew, and if the upstream fails.

    `no-cache`, `must-revalidate` (RFC 9111 section 5.2.2.2) and `proxy-revalidate` (5.2.2.8) forbid both. So does
    `s-maxage` (5.2.2.10), but for a window that is stated beside it: whoever writes both means both.

    most: the route's limits, which an answer can only shorten. unstated: what the route grants to answers that say
    nothing of it (section 4.2.4 leaves that to configuration); never to one that came without any freshness.
    """
    directives = governing(fields, targets)
    if directives.no_cache or directives.has(b"must-revalidate", b"proxy-revalidate"):
        return NEVER
    if lifetime.seconds <= 0 or directives.has(b"s-maxage"):
        unstated = NEVER
    revalidate = directives.seconds(b"stale-while-revalidate")
    error = directives.seconds(b"stale-if-error")
    return Windows(
        min(most.revalidate, unstated.revalidate if revalidate is None else float(revalidate)),
        min(most.error, unstated.error if error is None else float(error)),
    )
