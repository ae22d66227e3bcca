"""Which hosts a clip may be fetched from: those of the public internet.

A gateway's answer names the link, so it must not be able to make this machine ask its own network. A host is judged
by what it stands for, in any spelling (``0x7f.1``, ``2130706433``, ``::ffff:127.0.0.1``), and a name by all addresses
that it has. A name may get other addresses between this look and the connection; over https that gives nothing, as a
machine inside has no certificate for the name.

Sources: IANA's special-purpose address registries, as Python's ``ipaddress`` has them; RFC 6052 (NAT64), RFC 3056
(6to4), RFC 6761 (localhost). Python calls NAT64 and multicast addresses global: they are looked at here.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

__all__ = ["Address", "addresses_of", "is_public", "literal", "same_origin"]

Address = IPv4Address | IPv6Address
LOOK_UP_S = 15.0
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
# Transparent proxies answer every name with an address from the benchmarking range, and connect to the real one.
_STAND_INS = IPv4Network("198.18.0.0/15")


def literal(host: str) -> Address | None:
    """The address that a host is a spelling of; None for a name that stands for no address by itself."""
    word = host.strip("[]").rstrip(".")
    if word.casefold() == "localhost" or word.casefold().endswith(".localhost"):
        return IPv4Address("127.0.0.1")  # RFC 6761, whatever a resolver says
    try:
        return ip_address(word)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(word))  # 0x7f.1, 2130706433, 0177.0.0.1: what the system would take
    except (OSError, ValueError):
        return None


async def addresses_of(host: str, port: int) -> tuple[Address, ...]:
    """All addresses of a host; none where it has none, or where only a proxy knows them."""
    known = literal(host)
    if known is not None:
        return (known,)
    try:
        async with asyncio.timeout(LOOK_UP_S):
            rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(ip_address(row[4][0]) for row in rows))
    except (OSError, ValueError, OverflowError):  # a time-out is an OSError; a name that is no name is a ValueError
        return ()


def is_public(address: Address, *, named: bool = False) -> bool:
    """Whether an address is one of the public internet.

    Args:
        address: The address.
        named: A name led to it. Then two kinds pass that no link spells out: NAT64's form of a public address, and the
            stand-ins of a transparent proxy.
    """
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return named and is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if address in _NAT64_LOCAL or address.is_site_local:
            return False
    elif named and address in _STAND_INS:
        return True
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def same_origin(url: str, origin: str) -> bool:
    """Whether a URL leads to an origin: the same scheme, host and port, and nobody's name in front of the host."""
    try:
        there, here = urlsplit(url), urlsplit(origin)
        places = [(p.scheme, p.hostname, p.port or {"https": 443, "http": 80}.get(p.scheme)) for p in (there, here)]
    except ValueError:
        return False
    return places[0] == places[1] and places[0][1] is not None and "@" not in there.netloc
