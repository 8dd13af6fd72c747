"""App: the only place that constructs. Settings -> one worker; start, reload, drain, stop."""

import asyncio
import logging
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from gateway import __version__
from gateway.cache.inspect import Inspector
from gateway.cache.memory import Memory
from gateway.cache.tiers import Tiers
from gateway.config.addresses import parse_address
from gateway.config.overrides import Patch, overridden
from gateway.control.control import Change, Control
from gateway.guard.bloom import Filters
from gateway.guard.guards import Guards, Surroundings
from gateway.guard.sharing import Sharing
from gateway.keeping import ledger_of, shared_filters_of, store_of
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.resources import operations
from gateway.listeners.admin.site import create_admin
from gateway.listeners.admin.views import WorkerView
from gateway.listeners.admin.workers import heard, tell, view
from gateway.listeners.hitlane import HitLane
from gateway.listeners.observer import Observer
from gateway.listeners.parselane import ParseLane
from gateway.listeners.proxy import Proxy
from gateway.listeners.sampler import Sampler
from gateway.model.errors import ConfigError, StoreUnavailable
from gateway.model.exchange import Exchange
from gateway.model.settings.file import Settings
from gateway.model.settings.tiers import L2Settings
from gateway.observe.accesslog import AccessLog
from gateway.observe.board import Board
from gateway.observe.ledger import LedgerState
from gateway.observe.metrics import Metrics
from gateway.pipeline.drift import DriftWatch
from gateway.pipeline.handle import Pipeline
from gateway.pipeline.heat import Heat
from gateway.pipeline.plan import Plan
from gateway.pipeline.top import Top
from gateway.pipeline.uploaded import Jobs
from gateway.pipeline.voiding import PATIENCE
from gateway.pipeline.warm import Warmer
from gateway.policy.drains import drain_name, is_drain, split
from gateway.policy.early import betas
from gateway.policy.noise import noise
from gateway.policy.purges import Order, Purges, Scope
from gateway.policy.ttl import longest
from gateway.ports import CannotListen
from gateway.upstream.fetch import Upstream

_log = logging.getLogger("ragfront")

# What a running worker cannot change: told at reload instead of ignored.
_FIXED = ("listen", "workers", "admin", "hit_lane", "l1", "l2", "control", "limits", "log")


# aiohttp's own time to drain: it would wait for it twice, and not hear of a reload. Worker.hurry ends it.
_UNTIL_HURRIED = 86_400.0


def _always(until: float) -> None:
    """What this process alone writes to cannot have changed while it stood still: no moment to trust it until."""


@dataclass(slots=True)
class WorkerSpec:
    """What one worker needs. load: reads the settings anew. socket_listen: an inherited listening socket.

    wall: Unix seconds; whatever is told from the age of an answer goes by it.
    """

    settings: Settings
    load: Callable[[], Settings]
    worker: int = 0
    workers: int = 1
    socket_listen: socket.socket | None = None
    wall: Callable[[], float] = time.time


class Worker:
    """One worker's parts, and their order of starting and stopping."""

    def __init__(self, spec: WorkerSpec) -> None:
        settings, wall = spec.settings, spec.wall
        self._spec = spec
        self._settings = self._stated = settings  # those in force; those without overrides
        self._metrics = Metrics(__version__, spec.worker)
        self._access = AccessLog(settings.log.access) if settings.log.access else None
        self._store = store_of(settings.l2, wall)
        memory = Memory(settings.l1.max_bytes)
        l2 = settings.l2 or L2Settings()
        purges = Purges()
        self._tiers = Tiers(
            memory, self._store, read_timeout=l2.read_timeout, compress_over=l2.compress_over, purges=purges, clock=wall
        )
        ledger = ledger_of(settings)
        trust = _always if ledger.name == "memory" else self._trust
        self.control = Control(ledger, purges, settings.control, check=self._check, trusted=trust, clock=wall)
        self.control.lives(longest(settings.routes))
        self._tiers.sieve.awake = self.control.awake
        self._upstreams = self._connect(settings, {})
        self._metrics.replicas.collect(lambda: [upstream.state() for upstream in self._upstreams.values()])
        self._around = Surroundings(self._metrics.guards, self._tiers.spend, spec.worker, spec.workers)
        self._filters = Filters(random.random)
        self._sharing = Sharing(shared_filters_of(settings), self._filters.shared, self._filters.files.look_again)
        plan = self._plan(settings, self._upstreams, Guards(settings, self._around))
        self._tiers.early = betas(settings.routes)
        drift = partial(DriftWatch, told=self._metrics.drift.compared, hits=self._metrics.hits, workers=spec.workers)
        self._pipeline = Pipeline(plan, self._tiers, random.random, looked=self._metrics.looked, drift=drift, wall=wall)
        self._pipeline.voids(self._void)
        self._metrics.drift.collect(self._pipeline.drift.suggestions)
        observer = Observer(self._metrics, self._access)
        self._lane = self._hit_lane(settings, observer)
        parse = ParseLane(self._pipeline, observer.tell, self._lane, wall) if settings.hit_lane.parse else None
        self._proxy = Proxy(self._pipeline, observer, self._lane, parse, wall)
        heat = self._heat = Heat(lambda: self._pipeline.plan, self._tiers, wall)
        self._warmer = Warmer(heat, self._pipeline.warm, self._metrics.warmed, spec.worker, spec.workers)
        self._top = Top()
        self._sampler = Sampler(observer, self._lane, self._sampled, random.random)
        self._board = Board.of(spec.worker, spec.workers)
        self._jobs = Jobs(self._pipeline.prepare, wall)
        self._inspector = Inspector(memory, self._store, self._tiers.sieve)
        self._ahead: list[asyncio.Task[None]] = []  # what is done before anybody asks
        self._runners: list[web.BaseRunner] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    def _wants_samples(self) -> bool:
        wanted = bool(self._heat.wanted()) or self._pipeline.drift.wanted(self._pipeline.plan)
        return wanted or self._administered

    def _sampled(self, x: Exchange) -> None:
        if self._administered:
            self._top.note(x)
        self._heat.note(x)
        self._pipeline.drift.note(self._pipeline.plan, x)

    def _connect(self, settings: Settings, known: dict[str, Upstream]) -> dict[str, Upstream]:
        """An Upstream for each name; one whose settings are as before keeps its connections.

        What an operator has drained stays so, whatever else changes about its upstream.
        """
        return {
            name: known[name]
            if name in known and known[name].settings == upstream
            else Upstream(name, upstream, self._metrics, drained=known[name].drained if name in known else ())
            for name, upstream in settings.upstreams.items()
        }

    def _plan(self, settings: Settings, upstreams: dict[str, Upstream], guards: Guards) -> Plan:
        return Plan(settings, upstreams, guards, self._filters.of(settings.routes))

    def _hit_lane(self, settings: Settings, observer: Observer) -> HitLane | None:
        if not settings.hit_lane.memo:
            return None
        log = observer.hit if self._access is not None else None
        quiet = noise(settings.routes)
        glance, seek, count = self._tiers.glance, self._pipeline.seek, self._metrics.tally
        timing, wall = settings.server_timing, self._spec.wall
        return HitLane(settings.hit_lane, glance, seek, count, quiet, timing, log, wall)

    async def start(self) -> None:
        """Listen. CannotListen where an address is taken."""
        await self._tiers.start()
        await asyncio.to_thread(self._filters.files.load)
        await self._sharing.start()
        self._metrics_of_tiers()
        self._metrics.filters.collect(self._filters.figures)
        await self.control.start()
        self.control.on_change(self._changed)
        if self.control.overrides:
            self._use(self._with_overrides())
        self._metrics.ledger.collect(self._ledger_state)
        self._spawn(self.control.run())
        self._spawn(self._metrics.keep_current())
        self._spawn(self._filters.files.follow())
        if self._spec.worker == 0:
            self._spawn(self._sharing.follow())
        self._ahead = [self._spawn(self._warmer.run()), self._spawn(self._sampler.run(self._wants_samples))]
        runner = web.ServerRunner(self._proxy.server, handle_signals=False, shutdown_timeout=_UNTIL_HURRIED)
        await self._listen(runner, self._settings.listen, self._spec.socket_listen, share=self._spec.workers > 1)
        if self._administered:
            self._spawn(tell(self._board, self._view))
        if self._serves_admin:
            api = operations(self._parts())
            site = create_admin(self._metrics, self._not_ready, __version__, self._settings.admin, api)
            # Its own answer to a longer line is no problem+json.
            admin = web.AppRunner(site, access_log=None, shutdown_timeout=_UNTIL_HURRIED, max_line_size=1 << 16)
            await self._listen(admin, self._settings.admin.listen, None, share=False)

    async def _listen(
        self, runner: web.BaseRunner, listen: str, inherited: socket.socket | None, *, share: bool
    ) -> None:
        await runner.setup()
        self._runners.append(runner)
        address = parse_address(listen)
        site: web.BaseSite
        if inherited is not None:
            site = web.SockSite(runner, inherited, backlog=1024)
        elif address.unix:
            site = web.UnixSite(runner, address.unix, backlog=1024)
        else:
            site = web.TCPSite(runner, address.host or None, address.port, backlog=1024, reuse_port=share or None)
        try:
            await site.start()
        except OSError as exc:
            raise CannotListen(f"cannot listen on {listen}: {exc.strerror or exc}") from exc

    @property
    def _administered(self) -> bool:
        return self._settings.admin.listen != "off"

    @property
    def _serves_admin(self) -> bool:
        return self._spec.worker == 0 and self._administered

    def _parts(self) -> Parts:
        """What the admin API works on."""
        return Parts(
            metrics=self._metrics,
            pipeline=self._pipeline,
            inspector=self._inspector,
            filters=self._filters,
            sharing=self._sharing,
            top=self._top,
            jobs=self._jobs,
            control=self.control,
            settings=lambda: self._settings,
            stated=lambda: self._stated,
            upstreams=lambda: self._upstreams,
            load=self._spec.load,
            reload=self._reload_all,
            drain=self._drain,
            fixed=_FIXED,
            wall=self._spec.wall,
            memory=lambda: self._tiers.stats().memory,
            views=lambda: [self._view(), *heard(self._board)],
            workers=self._spec.workers,
        )

    def _view(self) -> WorkerView:
        return view(self._parts(), self._spec.worker)

    def _reload_all(self) -> None:
        """In all workers: their supervisor is asked to, as an operator would with a signal."""
        if self._spec.workers > 1:
            os.kill(os.getppid(), signal.SIGHUP)
        else:
            self.reload()

    async def _drain(self, upstream: str, replica: str, drained: bool, who: str) -> None:
        await self.control.override(drain_name(upstream, replica), {} if drained else None, None, "", who)

    def _metrics_of_tiers(self) -> None:
        self._metrics.collect_tier("memory", lambda: self._tiers.stats().memory, shared=False)
        if self._store is not None:
            self._metrics.collect_tier(self._store.name, lambda: self._tiers.stats().store, shared=True)

    def _not_ready(self) -> list[str]:
        return ["draining"] if self._draining else []

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def reload(self) -> None:
        """Swap the plan, all or nothing; say what needs a restart."""
        try:
            settings = self._spec.load()
        except ConfigError as exc:
            for problem in exc.problems:
                _log.error("not reloaded: %s", problem)
            return
        kept = [name for name in _FIXED if getattr(settings, name) != getattr(self._settings, name)]
        self._stated = settings.model_copy(update={name: getattr(self._settings, name) for name in _FIXED})
        self._use(self._with_overrides())
        _log.info("reloaded%s", f"; a restart is needed for: {', '.join(kept)}" if kept else "")

    def _use(self, settings: Settings) -> None:
        """Go by other settings from now on; who asks already keeps those it began with."""
        upstreams = self._connect(settings, self._upstreams)
        old = [upstream for upstream in self._upstreams.values() if upstream not in upstreams.values()]
        guards = Guards(settings, self._around, self._pipeline.plan.guards)
        self._pipeline.plan = self._plan(settings, upstreams, guards)
        self._tiers.early = betas(settings.routes)
        if self._lane is not None:
            self._lane.forget(noise(settings.routes), settings.server_timing)
        self.control.lives(longest(settings.routes))
        self._settings, self._upstreams = settings, upstreams
        for upstream in old:
            self._spawn(_retire(upstream, settings.drain))
        drained = split(self.control.overrides)[1]
        for name, upstream in upstreams.items():
            for replica in upstream.state().replicas:
                upstream.drain(replica.name, (name, replica.name) in drained)

    def _check(self, patches: Mapping[str, Patch]) -> None:
        overridden(self._stated, {name: patch for name, patch in patches.items() if not is_drain(name)})

    def _with_overrides(self) -> Settings:
        """What is stated, with the overrides in force. One that does not fit (any more) is left out, and told of."""
        settings = self._stated
        for name, patch in split(self.control.overrides)[0].items():
            try:
                settings = overridden(settings, {name: patch})
            except ConfigError as exc:
                for problem in exc.problems:
                    _log.error("the override of route %s is left out: %s", name, problem)
        return settings

    def _changed(self, change: Change) -> None:
        """The ledger has grown. No await in here: what is acknowledged is in force."""
        for purge in change.purges:
            order = purge.order
            self._filters.purged(order)
            for route in self._settings.routes:
                if order.scope is Scope.ALL or (order.scope is Scope.ROUTE and order.value == route.name):
                    self._warmer.again(route.name)
        if change.purges:
            self._tiers.purged()
        if change.overrides:
            self._use(self._with_overrides())
            _log.info("overrides in force: %s", ", ".join(self.control.overrides) or "none")

    async def _void(self, orders: Sequence[Order]) -> None:
        """Have all workers and replicas hear of what has become void."""
        try:
            await self.control.purge(orders, wait=PATIENCE)
        except StoreUnavailable as exc:
            _log.warning("what an unsafe request has made void is gone here only: %s", exc)

    def _trust(self, until: float) -> None:
        self._tiers.sieve.until = until

    def _ledger_state(self) -> LedgerState:
        control = self.control
        return LedgerState(control.version, control.acknowledged, len(control.last_known()), control.up)

    def rotate(self) -> None:
        """Open the access log anew."""
        if self._access is not None:
            self._access.reopen()

    async def stop(self) -> None:
        """Take nothing new, let what is under way end, store what is to be stored."""
        self._draining = True
        for task in self._ahead:
            task.cancel()
        await self._jobs.close()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._settings.drain
        overdue = loop.call_at(end, self.hurry)
        for runner in self._runners:
            await runner.cleanup()
        await self._pipeline.close(max(0.0, end - loop.time()))
        overdue.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.control.stop()
        await self._sharing.stop()
        await self._heat.share()
        await self._tiers.close()
        for upstream in self._upstreams.values():
            await upstream.close()
        if self._access is not None:
            self._access.close()
        self._metrics.refresh()

    def hurry(self) -> None:
        """Asked to stop a second time, or the time to drain is over: what is under way is cut off."""
        for runner in self._runners:
            for connection in runner.server.connections if runner.server else ():
                if connection.transport is not None:
                    connection.transport.abort()  # close() would wait for a client that reads nothing
        self._spawn(self._pipeline.close(0))


async def _retire(upstream: Upstream, patience: float) -> None:
    """Close an upstream that the new settings do not name; its calls under way get as long as at a stop."""
    try:
        await asyncio.sleep(patience)
    finally:
        await upstream.close()
