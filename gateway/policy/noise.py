"""Noise: request fields that tell about one call and decide nothing, so that requests may differ in them alone.

A closed list, since what is not known to be noise must count. A route that reads one of them takes it off the list.
"""

from collections.abc import Iterable

from gateway.model.settings.route import RouteSettings

_NOISE = frozenset(
    {
        b"user-agent", b"referer", b"date", b"from",
        b"x-request-id", b"request-id", b"x-client-request-id", b"x-correlation-id", b"correlation-id",
        b"x-trace-id", b"traceparent", b"tracestate", b"baggage", b"b3", b"x-b3-traceid", b"x-b3-spanid",
        b"x-b3-parentspanid", b"x-b3-sampled", b"uber-trace-id", b"sentry-trace", b"x-amzn-trace-id",
        b"x-cloud-trace-context", b"x-datadog-trace-id", b"x-datadog-parent-id", b"x-datadog-sampling-priority",
        b"newrelic", b"idempotency-key", b"x-forwarded-for", b"x-real-ip", b"x-forwarded-port",
        b"x-envoy-attempt-count", b"x-envoy-expected-rq-timeout-ms",
        b"x-stainless-lang", b"x-stainless-package-version", b"x-stainless-os", b"x-stainless-arch",
        b"x-stainless-runtime", b"x-stainless-runtime-version", b"x-stainless-async", b"x-stainless-retry-count",
        b"x-stainless-read-timeout", b"x-stainless-timeout",
    }
)  # fmt: skip


def noise(routes: Iterable[RouteSettings]) -> frozenset[bytes]:
    """Lower-case names of the fields that no route's matching or keying reads."""
    read = {
        name
        for route in routes
        for names in (
            route.match.headers,
            route.key.headers,
            () if isinstance(route.key.identity, str) else route.key.identity,
        )
        for name in names
    }
    return _NOISE - {name.encode() for name in read}
