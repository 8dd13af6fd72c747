"""Plan: the settings made ready for requests. A reload makes a new one and swaps it whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.guard.bloom import RouteFilters
from gateway.guard.guards import Guards
from gateway.model.exchange import Request
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings
from gateway.pipeline.admit import Admit, Ask
from gateway.policy.admission import Admission
from gateway.policy.document import Document
from gateway.policy.forwarding import Forwarding, pseudonym
from gateway.policy.http.keys import HttpKeyer
from gateway.policy.http.rules import HttpRules
from gateway.policy.http.uri import path_of
from gateway.policy.items import ItemForm, form_of
from gateway.policy.keying import Keyer
from gateway.policy.ladder import Ladder
from gateway.policy.noise import noise
from gateway.policy.parts import PartForm
from gateway.policy.rejection import Rejection
from gateway.policy.routing import Router
from gateway.policy.storing import Storing
from gateway.policy.streaming import Streaming
from gateway.upstream.batch import Gathering
from gateway.upstream.fetch import Upstream

# What differs from client to client, and is no client's but ours to say.
_OF_THE_WAY = frozenset({b"forwarded", b"x-forwarded-for", b"via"})


@dataclass(slots=True, frozen=True)
class Batching:
    """How a route's requests are made of items."""

    items: ItemForm
    parts: PartForm
    gathering: Gathering


_NO_FILTERS: Mapping[str, RouteFilters] = MappingProxyType({})


@dataclass(slots=True, frozen=True)
class Rule:
    """One route, compiled. batching: None where it knows no items."""

    route: RouteSettings
    admission: Admission
    keyer: Keyer | HttpKeyer
    storing: Storing | HttpRules
    streaming: Streaming
    upstream: Upstream
    admit: Admit
    ladder: Ladder
    rejection: Rejection
    bloom: RouteFilters | None = None  # what knows which questions have no answer
    batching: Batching | None = None
    http: HttpRules | None = None  # it follows RFC 9111

    @property
    def by_http(self) -> HttpRules:
        """The rules of a route that follows RFC 9111."""
        assert self.http is not None
        return self.http

    @property
    def ask(self) -> Ask:
        """Asks for an answer that may be stored: together with others, where the route says how."""
        return self.upstream.fetch if self.batching is None else self.batching.gathering.fetch


class Plan:
    """All routes, and where everything else goes."""

    def __init__(
        self,
        settings: Settings,
        upstreams: dict[str, Upstream],
        guards: Guards | None = None,
        blooms: Mapping[str, RouteFilters] = _NO_FILTERS,
    ) -> None:
        """blooms: filters, by the names of the routes that have some."""
        self.settings = settings
        self.upstreams = upstreams
        self.default = upstreams[settings.default_upstream or next(iter(settings.upstreams))]
        urls = [url for upstream in settings.upstreams.values() for url in upstream.urls]
        self.forwarding = Forwarding(settings.forwarding, pseudonym(urls))
        self.guards = guards or Guards(settings)
        self.admit = admit = Admit(settings, self.forwarding, self.guards)
        self._router = Router(settings.routes)
        quiet = noise(settings.routes) | _OF_THE_WAY
        self._rules = {
            route.name: _rule(route, upstreams[route.upstream], admit, blooms.get(route.name), quiet)
            for route in settings.routes
        }
        self._http_keyers = {name: rule.http.keyer for name, rule in self._rules.items() if rule.http is not None}

    @property
    def by_http(self) -> bool:
        """Whether any route follows RFC 9111."""
        return bool(self._http_keyers)

    def needs_body(self, request: Request) -> int:
        """How many bytes of the body to read before `match`; 0: none."""
        return self._router.needs_body(request)

    def match(self, request: Request, document: Document | None) -> Rule | None:
        """The rule of the first route that takes the request."""
        route = self._router.match(request, document)
        return None if route is None else self._rules[route.name]

    def void(self, request: Request, uris: Iterable[bytes]) -> list[tuple[str, bytes]]:
        """Under which primary keys answers for these URIs may be stored, on which routes that follow RFC 9111.

        uris: absolute and normalised, of the request's own origin.
        """
        kept = [uri for uri in uris if self._router.may_keep(path_of(uri), request.authority)]
        return [(name, keyer.of_uri(uri)) for uri in kept for name, keyer in self._http_keyers.items()]

    def tried(self, request: Request, document: Document | None) -> list[tuple[str, str]]:
        """Why each route did not take the request; see `Router.tried`."""
        return self._router.tried(request, document)

    def rule(self, name: str) -> Rule | None:
        """The rule of the route of this name."""
        return self._rules.get(name)


def _rule(
    route: RouteSettings, upstream: Upstream, admit: Admit, bloom: RouteFilters | None, quiet: frozenset[bytes]
) -> Rule:
    items, batching = form_of(route.batch), None
    if items is not None and route.cache.mode == "on":  # in shadow, clients get what they would get without us
        batching = Batching(items, PartForm(route.batch), Gathering(upstream, route.batch, items, quiet))
    keyer: Keyer | HttpKeyer = Keyer(route)
    storing: Storing | HttpRules = Storing(route)
    http = None
    if route.cache.rules == "http":
        keyer = HttpKeyer(route)
        storing = http = HttpRules(route, keyer)
    return Rule(
        route,
        Admission(route),
        keyer,
        storing,
        Streaming(route),
        upstream,
        admit,
        Ladder(route),
        Rejection(route),
        bloom,
        batching,
        http,
    )
