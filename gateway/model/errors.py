"""Errors: ours, by who is to blame. Foreign exceptions stop at the wall of the part that talks to the foreigner."""

from gateway.model.outcome import Reason


class RagfrontError(Exception):
    """Base of all errors of ours."""


class MessageError(RagfrontError):
    """The peer's bytes are not an HTTP/1.1 message that we accept. `status`: what to answer a client with."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class StoreUnavailable(RagfrontError):
    """A tier cannot answer now (down, slow, full, corrupt)."""


class UpstreamError(RagfrontError):
    """The upstream gave no usable answer. `upstream`: its name in the config."""

    reason = Reason.UPSTREAM_PROTOCOL
    status = 502
    retry_after: int | None = None  # seconds, where it is known that nothing else is to be had before

    def __init__(self, upstream: str, detail: str) -> None:
        super().__init__(f"{upstream}: {detail}")
        self.upstream = upstream
        self.detail = detail


class UpstreamUnreachable(UpstreamError):
    """No connection could be made."""

    reason = Reason.UPSTREAM_UNREACHABLE


class UpstreamTimeout(UpstreamError):
    """One of the time-outs passed."""

    reason = Reason.UPSTREAM_TIMEOUT
    status = 504


class UpstreamReset(UpstreamError):
    """The connection broke before the answer was whole."""

    reason = Reason.UPSTREAM_RESET


class UpstreamProtocol(UpstreamError):
    """What came back is not HTTP/1.1."""


class NotValidated(UpstreamError):
    """What is stored may not be used without asking, and who was asked did not answer (RFC 9111 section 5.2.2.2)."""

    status = 504

    def __init__(self, cause: UpstreamError) -> None:
        super().__init__(cause.upstream, cause.detail)
        self.reason = cause.reason
        self.retry_after = cause.retry_after


class Shed(UpstreamError):
    """It was not asked, to protect it. seconds: after which it may be worth another attempt."""

    def __init__(self, upstream: str, reason: Reason, seconds: float) -> None:
        spent = reason is Reason.BUDGET
        super().__init__(upstream, "this client has asked for too much" if spent else "it is busy")
        self.reason = reason
        self.status = 429 if spent else 503
        self.seconds = seconds


class NoReplica(UpstreamError):
    """Nobody was asked: no replica may be, now. `retry_after`: whole seconds until one may."""

    status = 503

    def __init__(self, upstream: str, detail: str, reason: Reason, retry_after: int) -> None:
        super().__init__(upstream, detail)
        self.reason = reason
        self.retry_after = retry_after


class ConfigError(RagfrontError):
    """The configuration is wrong. `problems`: one line each, `file:line: path: what; way out`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
