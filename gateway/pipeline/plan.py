"""Plan: the settings made ready for requests. A reload makes a new one and swaps it whole."""

from dataclasses import dataclass

from gateway.guard.guards import Guards
from gateway.model.exchange import Request
from gateway.model.settings import RouteSettings, Settings
from gateway.pipeline.admit import Admit
from gateway.policy.admission import Admission
from gateway.policy.document import Document
from gateway.policy.forwarding import Forwarding, pseudonym
from gateway.policy.keying import Keyer
from gateway.policy.routing import Router
from gateway.policy.storing import Storing
from gateway.policy.streaming import Streaming
from gateway.upstream.fetch import Upstream


@dataclass(slots=True, frozen=True)
class Rule:
    """One route, compiled."""

    route: RouteSettings
    admission: Admission
    keyer: Keyer
    storing: Storing
    streaming: Streaming
    upstream: Upstream
    admit: Admit


class Plan:
    """All routes, and where everything else goes."""

    def __init__(self, settings: Settings, upstreams: dict[str, Upstream], guards: Guards | None = None) -> None:
        self.settings = settings
        self.upstreams = upstreams
        self.default = upstreams[settings.default_upstream or next(iter(settings.upstreams))]
        urls = [url for upstream in settings.upstreams.values() for url in upstream.urls]
        self.forwarding = Forwarding(settings.forwarding, pseudonym(urls))
        self.guards = guards or Guards(settings)
        self.admit = admit = Admit(settings, self.forwarding, self.guards)
        self._router = Router(settings.routes)
        self._rules = {
            route.name: Rule(
                route,
                Admission(route),
                Keyer(route),
                Storing(route),
                Streaming(route),
                upstreams[route.upstream],
                admit,
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
