"""Who is one client."""

import pytest

from gateway.model.fields import Pairs
from gateway.model.settings.file import ForwardingSettings
from gateway.policy.client import Payer
from gateway.policy.forwarding import Forwarding
from tests.support.policy import request

TRUSTING = Forwarding(ForwardingSettings(trusted=("10.0.0.0/8", "unix", "fd00::/8")))


def client(kind: str, peer: str, *fields: tuple[bytes, bytes]) -> bytes:
    return Payer(kind, TRUSTING).client(request(fields=fields, peer=peer))


def told(*addresses: bytes) -> tuple[bytes, bytes]:
    return b"X-Forwarded-For", b", ".join(addresses)


@pytest.mark.parametrize(
    ("peer", "fields", "who"),
    [
        ("192.0.2.1", (), b"192.0.2.1"),
        ("192.0.2.1", (told(b"198.51.100.9"),), b"192.0.2.1"),  # nobody we trust says so
        ("10.0.0.1", (), b"10.0.0.1"),
        ("10.0.0.1", (told(b"198.51.100.9"),), b"198.51.100.9"),
        ("10.0.0.1", (told(b"1.1.1.1", b"198.51.100.9", b"10.0.0.2"),), b"198.51.100.9"),  # the rightmost untrusted
        ("10.0.0.1", (told(b"1.1.1.1"), told(b"198.51.100.9")), b"198.51.100.9"),  # two lines are one list
        ("10.0.0.1", (told(b"10.0.0.3", b"10.0.0.2"),), b"10.0.0.3"),  # all ours: the first of them asked
        ("10.0.0.1", (told(b"1.1.1.1", b"nonsense", b"10.0.0.2"),), b"10.0.0.2"),
        ("10.0.0.1", (told(b"198.51.100.9:5000"),), b"198.51.100.9"),
        ("10.0.0.1", (told(b"[2001:db8:1:2:3::4]:5000"),), b"2001:db8:1:2::/64"),
        ("10.0.0.1", (told(b""),), b"10.0.0.1"),
        ("10.0.0.1", (told(b"198.51.100.9"), (b"Connection", b"x-forwarded-for")), b"10.0.0.1"),
        ("", (told(b"198.51.100.9"),), b"198.51.100.9"),
        ("", (), b"unix"),
        ("2001:db8::1", (), b"2001:db8::/64"),
        ("2001:db8::ffff:2%eth0", (), b"2001:db8::/64"),
        ("::ffff:192.0.2.1", (), b"192.0.2.1"),
        ("::ffff:10.0.0.1", (told(b"198.51.100.9"),), b"198.51.100.9"),
    ],
)
def test_a_client_is_its_address_behind_our_proxies(peer: str, fields: Pairs, who: bytes) -> None:
    assert client("peer", peer, *fields) == who


def test_a_client_by_header() -> None:
    one = client("header X-Tenant", "192.0.2.1", (b"x-tenant", b"a"))
    assert one == client("header x-tenant", "192.0.2.2", (b"X-Tenant", b"a"))
    assert one != client("header X-Tenant", "192.0.2.1", (b"X-Tenant", b"b"))
    assert client("header X-Tenant", "192.0.2.1") == b"192.0.2.1"
    gone = client("header X-Tenant", "192.0.2.1", (b"X-Tenant", b"a"), (b"Connection", b"x-tenant"))
    assert gone == b"192.0.2.1"


def test_a_client_by_credential_is_never_told_in_clear() -> None:
    one = client("credential", "192.0.2.1", (b"Authorization", b"Bearer s3cret"))
    assert one == client("credential", "192.0.2.9", (b"authorization", b"Bearer s3cret"), (b"Cookie", b"a=1"))
    assert one != client("credential", "192.0.2.1", (b"X-Api-Key", b"Bearer s3cret"))
    assert b"s3cret" not in one
    assert len(one) == 32
    assert client("credential", "192.0.2.1", (b"Cookie", b"a=1")) == b"192.0.2.1"


def test_a_line_of_thousands_of_hops_is_not_walked_to_its_end() -> None:
    assert client("peer", "10.0.0.1", told(b"1.1.1.1", *[b"10.0.0.2"] * 5000)) == b"10.0.0.2"
