"""Plan: the settings made ready for requests. A reload makes a new one and swaps it whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.guard.bloom import RouteFilters
from gateway.model.exchange import Request
from gateway.model.settings import RouteSettings, Settings
from gateway.policy.admission import Admission
from gateway.policy.document import Document
from gateway.policy.forwarding import Forwarding, pseudonym
from gateway.policy.keying import Keyer
from gateway.policy.rejection import Rejection
from gateway.policy.routing import Router
from gateway.policy.storing import Storing
from gateway.policy.streaming import Streaming
from gateway.upstream.fetch import Upstream

_NO_FILTERS: Mapping[str, RouteFilters] = MappingProxyType({})


@dataclass(slots=True, frozen=True)
class Rule:
    """One route, compiled."""

    route: RouteSettings
    admission: Admission
    keyer: Keyer
    storing: Storing
    streaming: Streaming
    upstream: Upstream
    rejection: Rejection
    bloom: RouteFilters | None  # what knows which questions have no answer


class Plan:
    """All routes, and where everything else goes."""

    def __init__(
        self, settings: Settings, upstreams: dict[str, Upstream], blooms: Mapping[str, RouteFilters] = _NO_FILTERS
    ) -> None:
        """blooms: filters, by the names of the routes that have some."""
        self.settings = settings
        self.upstreams = upstreams
        self.default = upstreams[settings.default_upstream or next(iter(settings.upstreams))]
        urls = [url for upstream in settings.upstreams.values() for url in upstream.urls]
        self.forwarding = Forwarding(settings.forwarding, pseudonym(urls))
        self._router = Router(settings.routes)
        self._rules = {
            route.name: Rule(
                route,
                Admission(route),
                Keyer(route),
                Storing(route),
                Streaming(route),
                upstreams[route.upstream],
                Rejection(route),
                blooms.get(route.name),
            )
            for route in settings.routes
        }

    def needs_body(self, request: Request) -> int:
        """How many bytes of the body to read before `match`; 0: none."""
        return self._router.needs_body(request)

    def match(self, request: Request, document: Document | None) -> Rule | None:
        """The rule of the first route that takes the request."""
        route = self._router.match(request, document)
        return None if route is None else self._rules[route.name]
