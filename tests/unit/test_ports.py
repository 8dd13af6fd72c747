"""Ports: what can be listened on, and why not."""

import socket
from pathlib import Path

import pytest

from gateway import ports
from gateway.config.addresses import parse_address
from tests.support.ports import free_port


def check(listen: str) -> None:
    ports.check(parse_address(listen), "--listen")


def test_free_port_stays_free() -> None:
    listen = f"127.0.0.1:{free_port()}"
    check(listen)
    check(listen)


def test_taken_port_is_told_even_where_it_could_be_shared() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for host in ("127.0.0.1", "0.0.0.0", "localhost"):
            with pytest.raises(ports.CannotListen, match="already; --listen names another"):
                check(f"{host}:{port}")


def test_port_whose_connections_linger_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        client = socket.create_connection(address)
        server, _ = listener.accept()
    server.close()  # the server closes first: its side stays in TIME_WAIT
    client.close()
    check(f"{address[0]}:{address[1]}")


@pytest.mark.parametrize(
    ("listen", "why"),
    [
        ("192.0.2.1:8080", "not an address of this machine"),
        ("no-such-host.invalid:8080", "the host is not known"),
        ("unix:/no/such/folder/front", "the folder does not exist"),
    ],
)
def test_reason_is_in_plain_words(listen: str, why: str) -> None:
    with pytest.raises(ports.CannotListen) as caught:
        check(listen)
    assert str(caught.value) == f"cannot listen on {listen}: {why}"


def test_unix_socket_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "front"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    check(f"unix:{path}")
    assert not path.exists()
    with ports.listen_unix(str(path)), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        with pytest.raises(ports.CannotListen, match="something else listens there already"):
            check(f"unix:{path}")
        with pytest.raises(ports.CannotListen, match="something else listens there already"):
            ports.listen_unix(str(path))


def test_file_at_the_path_of_a_unix_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(ports.CannotListen):
        check(f"unix:{path}")
    assert path.read_text() == "data"
