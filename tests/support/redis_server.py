"""Real redis-servers on free ports of 127.0.0.1: one, with an ACL user, with TLS, with Sentinels, a Cluster of three.

A missing redis-server is an error, never a skip. Each server is a child of the test process, in a folder of its own.
"""

import datetime
import ipaddress
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

RIGHTS = (
    "~ragfront:* +get +hget +hmget +mget +set +unlink +eval +del +pexpire +xadd +xrange +exists +time"
    " +xread +xrevrange +hset +hsetnx +hgetall +hdel"
)
"""What the gateway needs to be allowed, as docs/operations.md tells operators."""

_READY_SECONDS = 20.0
_SLOTS = 16384


def free_port() -> int:
    """A port that nobody listens on, and whose Cluster bus port (10,000 higher) would exist."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 55_000:
            return port


class RedisServer:
    """One redis-server process. `options`: lines of its configuration. login, ssl: how this helper itself gets in."""

    def __init__(self, folder: Path, options: tuple[str, ...] = (), *, port: int = 0, sentinel: bool = False) -> None:
        self.port = port or free_port()
        self.folder = folder
        self.socket = folder / f"{self.port}.sock"
        self.login: dict[str, object] = {}
        self._options = options
        self._sentinel = sentinel
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> "RedisServer":
        """Starts it, and returns when it answers."""
        binary = shutil.which("redis-server")
        if binary is None:
            raise RuntimeError("redis-server is not installed: these tests need a real one")
        config = self.folder / f"{self.port}.conf"
        plain = () if any(line.startswith("tls-port") for line in self._options) else (f"port {self.port}",)
        lines = (*plain, "bind 127.0.0.1", f"dir {self.folder}", "loglevel warning")
        if not self._sentinel:
            lines += ('save ""', "appendonly no", f"unixsocket {self.socket}")
        config.write_text("\n".join((*lines, *self._options)) + "\n")
        log = (self.folder / f"{self.port}.log").open("ab")
        args = [binary, str(config), *(["--sentinel"] if self._sentinel else [])]
        self._process = subprocess.Popen(args, stdout=log, stderr=log)
        log.close()
        self._await_ready()
        return self

    def client(self) -> "redis.Redis":
        """A blocking client of its own, for what a test wants to know or to do."""
        return redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=5, **self.login)

    def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections stand, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _await_ready(self) -> None:
        assert self._process is not None
        until = time.monotonic() + _READY_SECONDS
        while True:
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / f"{self.port}.log").read_text()[-2000:] or "redis-server ended")
            client = self.client()
            try:
                client.ping()
                return
            except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
                return
            except redis.RedisError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            finally:
                client.close()


@contextmanager
def redis_server(*options: str, **login: object) -> Iterator[RedisServer]:
    """One server, started; killed at the end, whatever state a test left it in."""
    with tempfile.TemporaryDirectory(prefix="redis-", ignore_cleanup_errors=True) as folder:
        server = RedisServer(Path(folder), options)
        server.login = login
        try:
            yield server.start()
        finally:
            server.kill()


@contextmanager
def redis_with_user(user: str, password: str) -> Iterator[RedisServer]:
    """One server that knows only this user, who may do just what the store needs."""
    acl = f"user {user} on >{password} {RIGHTS}"
    with redis_server("user default off", acl, username=user, password=password) as server:
        yield server


@contextmanager
def redis_with_tls() -> Iterator[tuple[RedisServer, Path]]:
    """One server that speaks TLS only, and the file of the authority to trust."""
    with tempfile.TemporaryDirectory(prefix="redis-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        authority = make_certificates(folder)
        port = free_port()
        options = (
            "port 0",
            f"tls-port {port}",
            f"tls-cert-file {folder}/server.pem",
            f"tls-key-file {folder}/server.key",
            f"tls-ca-cert-file {authority}",
            "tls-auth-clients no",
        )
        server = RedisServer(folder, options, port=port)
        server.login = {"ssl": True, "ssl_ca_certs": str(authority)}
        try:
            yield server.start(), authority
        finally:
            server.kill()


@contextmanager
def redis_with_sentinels(count: int = 2, *, replicas: int = 0) -> Iterator[tuple[RedisServer, list[RedisServer]]]:
    """A master with replicas that Sentinels watch under the name `mymaster`, and the Sentinels."""
    with ExitStack() as stack:
        master = stack.enter_context(redis_server("repl-diskless-sync-delay 0"))
        for _ in range(replicas):
            replica = stack.enter_context(redis_server(f"replicaof 127.0.0.1 {master.port}"))
            _await_replica(replica)
        sentinels = []
        for _ in range(count):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="redis-", ignore_cleanup_errors=True)))
            watch = (
                f"sentinel monitor mymaster 127.0.0.1 {master.port} 1",
                "sentinel down-after-milliseconds mymaster 500",
                "sentinel failover-timeout mymaster 2000",
            )
            sentinel = RedisServer(folder, watch, sentinel=True)
            stack.callback(sentinel.kill)
            sentinels.append(sentinel.start())
        yield master, sentinels


def _await_replica(replica: RedisServer) -> None:
    client, until = replica.client(), time.monotonic() + _READY_SECONDS
    while client.info("replication")["master_link_status"] != "up":
        if time.monotonic() > until:
            raise RuntimeError("the replica did not come up")
        time.sleep(0.02)
    client.close()


@contextmanager
def redis_cluster(size: int = 3) -> Iterator[list[RedisServer]]:
    """A Cluster of masters that cover all slots and agree on it."""
    with ExitStack() as stack:
        options = ("cluster-enabled yes", "cluster-node-timeout 2000", "cluster-require-full-coverage no")
        nodes = [stack.enter_context(redis_server(*options)) for _ in range(size)]
        clients = [node.client() for node in nodes]
        for number, client in enumerate(clients):
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            first, last = _SLOTS * number // size, _SLOTS * (number + 1) // size - 1
            client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
        for node in nodes[1:]:
            clients[0].execute_command("CLUSTER MEET", "127.0.0.1", node.port)
        until = time.monotonic() + _READY_SECONDS
        while not all(_agrees(client, size) for client in clients):
            if time.monotonic() > until:
                raise RuntimeError("the Cluster did not come together")
            time.sleep(0.05)
        for client in clients:
            client.close()
        yield nodes


def _agrees(client: "redis.Redis", size: int) -> bool:
    info = client.execute_command("CLUSTER INFO")
    slots = client.execute_command("CLUSTER SLOTS")
    return bool(info["cluster_state"] == "ok" and len(slots) == size)


def make_certificates(folder: Path) -> Path:
    """Writes authority.pem, and server.pem and server.key for 127.0.0.1; returns the authority's path."""
    now = datetime.datetime.now(datetime.UTC)
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("authority", "server")}
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    for name, key in keys.items():
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == "authority", path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["authority"].public_key()), critical=False
            )
        )
        if name == "server":
            names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(keys["authority"], hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return folder / "authority.pem"
