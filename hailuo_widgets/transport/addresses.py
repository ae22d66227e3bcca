"""Addresses of hosts, and the check that a clip is downloaded from the public internet only.

The link comes from a provider's response, so it must not be able to make this machine contact its own network. A host
is judged by its address, in any spelling (``0x7f.1``, ``2130706433``, ``::ffff:127.0.0.1``), and a name by all its
addresses. A name may get other addresses between this check and the connection; over https that gains nothing, because
a machine inside has no certificate for the name.

Sources: IANA's special-purpose address registries, as Python's ``ipaddress`` has them; RFC 6052 (NAT64), RFC 3056
(6to4), RFC 6761 (localhost). Python calls NAT64 and multicast addresses global, so they are checked here.
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
    """The address that a host spells out; None for a name that must be resolved."""
    word = host.strip("[]").rstrip(".")
    if word.casefold() == "localhost" or word.casefold().endswith(".localhost"):
        return IPv4Address("127.0.0.1")  # RFC 6761, whatever a resolver says
    try:
        return ip_address(word)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(word))  # 0x7f.1, 2130706433, 0177.0.0.1: the system takes these too
    except (OSError, ValueError):
        return None


async def addresses_of(host: str, port: int) -> tuple[Address, ...]:
    """All addresses of a host; empty if it has none, or if only a proxy knows them. Waits 15 s at most."""
    known = literal(host)
    if known is not None:
        return (known,)
    try:
        async with asyncio.timeout(LOOK_UP_S):
            rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(ip_address(row[4][0]) for row in rows))
    except (OSError, ValueError, OverflowError):  # a time-out is an OSError; a malformed name is a ValueError
        return ()


def is_public(address: Address, *, named: bool = False) -> bool:
    """Whether an address belongs to the public internet.

    Args:
        address: The address.
        named: It came from a name. Then two kinds pass that no link may spell out: NAT64's form of a public address,
            and the stand-ins of a transparent proxy.
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
    """Whether a URL leads to an origin: the same scheme, host and port, and no user name before the host."""
    try:
        there, here = urlsplit(url), urlsplit(origin)
        places = [(p.scheme, p.hostname, p.port or {"https": 443, "http": 80}.get(p.scheme)) for p in (there, here)]
    except ValueError:
        return False
    return places[0] == places[1] and places[0][1] is not None and "@" not in there.netloc
