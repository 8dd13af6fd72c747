"""Ports: can we listen there? Told before anything is started, in words for who typed the address."""

import errno
import os
import socket
import stat

from gateway.config.addresses import Address
from gateway.model.errors import RagfrontError

_WHY = {
    errno.EADDRINUSE: "something else listens there already",
    errno.EACCES: "not permitted to this user",
    errno.EPERM: "not permitted to this user",
    errno.EADDRNOTAVAIL: "not an address of this machine",
    errno.ENOENT: "the folder does not exist",
}


class CannotListen(RagfrontError):
    """An address cannot be listened on. Its text is one line for the operator."""


def check(address: Address, option: str) -> None:
    """Try to bind it, and let go again. CannotListen, with the reason, where that fails.

    `option`: of the command line, which names another address.
    """
    try:
        if address.unix:
            _bind_unix(address.unix).close()
            os.unlink(address.unix)
        else:
            _try_tcp(address)
    except OSError as exc:
        way_out = f"; {option} names another address" if exc.errno == errno.EADDRINUSE else ""
        raise CannotListen(f"cannot listen on {address}: {_why(exc)}{way_out}") from None


def listen_unix(path: str) -> socket.socket:
    """A listening socket that worker processes can share. CannotListen where that fails."""
    try:
        listener = _bind_unix(path)
        listener.listen(1024)
    except OSError as exc:
        raise CannotListen(f"cannot listen on unix:{path}: {_why(exc)}") from None
    return listener


def _why(exc: OSError) -> str:
    if isinstance(exc, socket.gaierror):
        return "the host is not known"
    return _WHY.get(exc.errno or 0, exc.strerror or str(exc))


def _try_tcp(address: Address) -> None:
    found = socket.getaddrinfo(address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    missing: OSError | None = None
    bound = False
    for family, kind, protocol, _, target in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                # Like the listeners themselves, but without SO_REUSEPORT: with it, a second gateway of the same
                # user would start on the same port and take half of the requests.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(target)
                bound = True
        except OSError as exc:
            if exc.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise
            missing = exc  # `localhost` names ::1 also where IPv6 is off
    if not bound and missing is not None:
        raise missing


def _bind_unix(path: str) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: str) -> None:
    """Remove what a process that was killed left behind; leave anything else alone."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            probe.connect(path)
    except ConnectionRefusedError:
        os.unlink(path)
    except OSError:
        return
