"""What `listen` may hold, and which listeners would clash."""

import pytest

from gateway.config.addresses import Address, clash, parse_address


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080), True),
        ("127.9.9.9:0", Address("127.9.9.9", 0), True),
        ("localhost:1", Address("localhost", 1), True),
        ("[::1]:65535", Address("::1", 65535), True),
        ("0.0.0.0:80", Address("0.0.0.0", 80), False),
        ("[::]:80", Address("::", 80), False),
        ("rag.example.org:80", Address("rag.example.org", 80), False),
        ("unix:/run/x.sock", Address(unix="/run/x.sock"), True),
    ],
)
def test_good_addresses(text: str, address: Address, loopback: bool) -> None:
    assert parse_address(text) == address
    assert address.loopback is loopback
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8080", "did you mean 127.0.0.1:8080?"),
        (":8080", "did you mean 0.0.0.0:8080?"),
        ("*:8080", "did you mean 0.0.0.0:8080?"),
        ("::1", "did you mean [::1]:8080?"),
        ("localhost", "did you mean localhost:8080?"),
        ("", "expected host:port"),
        ("off", "expected host:port"),
        ("127.0.0.1:", "expected host:port"),
        ("127.0.0.1:x", "expected host:port"),
        ("127.0.0.1:65536", "expected a port up to 65535"),
        ("300.1.1.1:80", "expected an IPv4 address"),
        ("[127.0.0.1]:80", "expected an IPv6 address"),
        ("[xyz]:80", "expected an IPv6 address"),
        ("http://a:80", "expected host:port"),
        ("unix:x.sock", "expected unix: and an absolute path"),
        ("unix:", "expected unix: and an absolute path"),
        ("unix:/" + "x" * 200, "at most 107 bytes"),
        ("127.0.0.1:８０", "expected host:port"),
    ],
)
def test_bad_addresses_say_the_way_out(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_address(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other", "clashes"),
    [
        ("127.0.0.1:80", "127.0.0.1:80", True),
        ("127.0.0.1:80", "127.0.0.1:81", False),
        ("0.0.0.0:80", "127.0.0.1:80", True),
        ("[::]:80", "10.0.0.1:80", True),
        ("localhost:80", "127.0.0.1:80", True),
        ("10.0.0.1:80", "10.0.0.2:80", False),
        ("127.0.0.1:0", "127.0.0.1:0", False),
        ("unix:/a", "unix:/a", True),
        ("unix:/a", "unix:/b", False),
        ("unix:/a", "127.0.0.1:80", False),
    ],
)
def test_clashes(one: str, other: str, clashes: bool) -> None:
    assert clash(parse_address(one), parse_address(other)) is clashes
    assert clash(parse_address(other), parse_address(one)) is clashes
