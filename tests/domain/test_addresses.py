from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.addresses import is_loopback, is_public, is_public_host, network_of


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00::1"]
)
def test_the_public_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::a9fe:a9fe",
        "2001::1",
        "2002:7f00:1::",
        "2001:db8::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "127.1",
        "0x7f000001",
        "2130706433",
        "localhost",
    ],
)
def test_everything_else_is_not(address):
    assert not is_public(address)


@given(st.integers(0, 2**32 - 1))
def test_no_private_address_of_python_s_is_public_nor_wrapped_in_six(number):
    v4 = IPv4Address(number)
    assert not (is_public(str(v4)) and (v4.is_private or v4.is_multicast or v4.is_reserved))
    for wrapped in (
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(number),
        IPv6Address((0x2002 << 112) | number << 80),
    ):
        assert not is_public(str(wrapped))


def test_loopback_is_this_machine_in_both_families():
    assert [is_loopback(one) for one in ("127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "localhost")] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "host", ["example.com", "a.b-c.example.co", "xn--bcher-kva.example", "8.8.8.8", "2606:4700::1111"]
)
def test_a_full_name_or_a_public_address_is_a_public_host(host):
    assert is_public_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "db",
        "",
        "127.1",
        "1.2.3",
        "0x7f.1",
        "0177.0.0.1",
        "10.0.0.1",
        "example..com",
        "-a.com",
        "a.c_m",
        "::1",
        "a." * 127 + "com",
        "exa mple.com",
        "exämple.com",
        "example.com\n",
    ],
)
def test_a_number_in_disguise_or_an_inner_name_is_none(host):
    assert not is_public_host(host)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_caller_is_its_address_or_its_network(address, network):
    assert network_of(address) == network
