"""Where a request comes from: its address, and whether it came by HTTPS, as far as that can be believed.

A proxy in front says both in headers that anybody can write. They count where the connection comes from a proxy that is trusted by name,
and from right to left, for each proxy adds at the end: the first address that is no trusted proxy's is the sender's.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import NamedTuple

from litestar.types import Scope

from labelwright.errors import InvalidInput
from labelwright.settings import Settings

__all__ = ["Origin", "Origins"]


class Origin(NamedTuple):
    """The sender's address, an IPv6 network of 64 bits as one, and whether the page is served to it by HTTPS."""

    address: str
    https: bool


class Origins:
    """Finds out where requests come from, with the settings of one server."""

    def __init__(self, settings: Settings) -> None:
        """Read the settings.

        Raises:
            InvalidInput: a trusted proxy is neither an address nor a network.
        """
        self._always_https = settings.https
        self._trusted = [_network(name.strip()) for name in settings.trusted_proxies.split(",") if name.strip()]

    def of(self, scope: Scope) -> Origin:
        """Return where a request comes from."""
        client = scope.get("client")
        peer = _address(client[0] if client else "")
        https = self._always_https or scope.get("scheme") == "https"
        if peer is None or not self._trusts(peer):
            return Origin(_shown(peer), https)
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        told = [part.strip() for name, value in headers if name == b"x-forwarded-for" for part in value.split(",")]
        scheme = [value.strip().lower() for name, value in headers if name == b"x-forwarded-proto"]
        found = peer
        for part in reversed(told):
            address = _address(part)
            if address is None:
                break
            found = address
            if not self._trusts(address):
                break
        return Origin(_shown(found), https or scheme[-1:] == ["https"])

    def _trusts(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        hint = "Name addresses or networks, separated by commas, such as 10.0.0.0/8."
        raise InvalidInput(f"'{text}' is no address and no network.", where="LABELWRIGHT_TRUSTED_PROXIES", hint=hint) from error


@lru_cache(maxsize=10_000)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=10_000)
def _shown(address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> str:
    if isinstance(address, ipaddress.IPv6Address):
        # Whoever has one address of such a network has all of them.
        return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address) if address else "?"
