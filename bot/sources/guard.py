"""Which addresses a feed may lead us to, checked where it cannot be dodged: on the way into `connect()`.

A feed's URL is a stranger's wish that our machine talk to another one. Checking the name before the request is not
enough: a redirect, a second DNS answer (rebinding) or a spelling such as `0x7f.1` gets around it. So the check sits in
the socket factory of the HTTP client, which sees each numeric address right before it is connected to.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from errno import EACCES
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from bot.core.errors import ForbiddenAddress


def _networks(*blocks: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, blocks))


# `ipaddress.is_global` is no policy: depending on the Python it lets through 6to4 and NAT64 forms of loopback,
# multicast, Oracle's metadata service (192.0.0.192) and Azure's (168.63.129.16). Hence lists of our own, from the
# IANA special-purpose registries: what is denied of IPv4, and what little is allowed of IPv6.
DENIED4 = _networks(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "168.63.129.16/32",
)
GLOBAL6 = ip_network("2000::/3")
TUNNELS6 = _networks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

# What `allow_private` opens: the networks of homes and offices. The metadata services of the clouds live in none of
# these but Alibaba's, and stay shut: no feed is worth the machine's credentials.
PRIVATE = _networks(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "::1/128", "fc00::/7"
)
METADATA = frozenset(map(ip_address, ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")))

WEB_PORTS = frozenset({80, 443})
LONGEST_URL = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}

WAITING = 65_536
"""Bytes of an answer that wait unread in the system for each connection, and so the most that is read at once: else it
may be megabytes, and each of many large bodies would be read a quarter of a megabyte at a time."""

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]


def may_visit(address: str, *, allow_private: bool = False) -> bool:
    """Whether a numeric address is a place on the public internet (or, if allowed, in a private network)."""
    try:
        return _may_visit(ip_address(address.partition("%")[0]), allow_private)
    except ValueError:
        return False


def _may_visit(ip: IPv4Address | IPv6Address, allow_private: bool) -> bool:
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        return _may_visit(ip.ipv4_mapped, allow_private)
    if allow_private and ip not in METADATA and any(ip in block for block in PRIVATE):
        return True
    if isinstance(ip, IPv6Address):
        return ip in GLOBAL6 and not any(ip in block for block in TUNNELS6)
    return not any(ip in block for block in DENIED4)


class ClosedAddress(OSError):
    """A socket was refused. An OSError, because the race for the fastest of a host's addresses swallows all others.

    It does not say where the name led to: that would let a stranger map the network behind us.
    """


@dataclass(frozen=True, slots=True)
class Guard:
    """The one policy for every fetch from an address that a stranger may have chosen.

    `allowed` holds (numeric address, port) pairs that are visited whatever else is said: the demo's own server.
    `ports` are those of public hosts; with `allow_private`, hosts in private networks may use any port.
    """

    allow_private: bool = False
    allowed: frozenset[tuple[str, int]] = frozenset()
    ports: frozenset[int] = WEB_PORTS

    def check(self, url: str) -> SplitResult:
        """The URL in parts, if it may be asked for at all; this costs no I/O. Raises ForbiddenAddress.

        A URL that passes is not yet safe: where its host's name leads is seen only at connect time.
        """
        if len(url) > LONGEST_URL:
            raise ForbiddenAddress(f"the address is longer than {LONGEST_URL} characters", state="blocked")
        if re.search(r"[\s\\\x00-\x20\x7f-\x9f\ud800-\udfff]", url):
            raise ForbiddenAddress("the address holds spaces, backslashes or control characters", state="blocked")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ForbiddenAddress("that is not a web address", state="blocked") from None
        if parts.scheme not in DEFAULT_PORTS:
            raise ForbiddenAddress("only http:// and https:// addresses can be feeds", state="blocked")
        if not host or "%" in host or not host.strip("."):
            raise ForbiddenAddress("the address names no host", state="blocked")
        port = DEFAULT_PORTS[parts.scheme] if port is None else port
        known = any(port == allowed for _, allowed in self.allowed)
        if port not in self.ports and not known and not self.allow_private:
            raise ForbiddenAddress(
                f"{host} is asked for on port {port}; only the web's ports are open to feeds", state="blocked"
            )
        if _is_numeric(host) and not self.permits(host, port):
            raise ForbiddenAddress(f"{host} is a private or reserved address, closed to feeds", state="blocked")
        return parts

    def permits(self, address: str, port: int) -> bool:
        """Whether a connection to this numeric address and port may be opened."""
        if (address, port) in self.allowed:
            return True
        if port in self.ports and may_visit(address):
            return True
        return self.allow_private and not may_visit(address) and may_visit(address, allow_private=True)

    def socket(self, info: AddressInfo) -> socket.socket:
        """A socket for `aiohttp.TCPConnector(socket_factory=...)`, which connects it next. Raises ClosedAddress."""
        family, kind, protocol, _, where = info
        address, port = str(where[0]), int(str(where[1]))
        if not self.permits(address, port):
            raise ClosedAddress(EACCES, "a private or reserved address")
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WAITING)
        made.setblocking(False)
        return made


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
