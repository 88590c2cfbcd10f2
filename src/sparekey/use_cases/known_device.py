"""Find the known device behind a request, and say whether it is where it usually is.

One browser may be known to a few accounts: each has a token of its own in the cookie. The cookie alone gives a guess counter of its
own and nothing else, for a thief of the browser's files has it too. The policy calls a device known only in its *usual surroundings*:
the same browser on the same kind of machine, in a network in which this account was signed in fully before (docs/devices.md).
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from sparekey.domain.accounts import AccountId
from sparekey.domain.devices import device_name
from sparekey.domain.sessions import ACCOUNTS_OF_A_BROWSER, NEIGHBOURHOOD_BITS, NETWORKS_KEPT, KnownDevice
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tokens import token_hash

SEPARATOR = "~"

NETWORK: Final = "device.network"


async def find_device(tx: Transaction, client: Client, account_id: AccountId) -> KnownDevice | None:
    """By the cookie alone, wherever the request comes from: for guess counters, which a stolen cookie does not weaken."""
    for token in tokens_in(client.device_token):
        found = await tx.devices.find(token_hash(token), account_id)
        if found is not None:
            return found
    return None


def tokens_in(cookie: str) -> list[str]:
    """The tokens of this browser, of one account each; the newest first."""
    return [t for t in cookie.split(SEPARATOR)[:ACCOUNTS_OF_A_BROWSER] if t]


def with_token(present: str, new: str) -> str:
    """The cookie's text with one more token; the oldest gives way."""
    return SEPARATOR.join([new, *(t for t in present.split(SEPARATOR) if t)][:ACCOUNTS_OF_A_BROWSER])


def in_usual_surroundings(services: Services, client: Client, device: KnownDevice) -> bool:
    """Whether the same browser asks, from a network in which the device signed in fully before. Nothing is usual where the network
    cannot be told."""
    here = neighbourhood(client.network)
    if not here or family(client.user_agent) != family(device.user_agent):
        return False
    hashes = services.sealer.keyed_hashes(_named(device.account_id, here), NETWORK)
    return any(found.hex() in device.networks for found in hashes)


def networks_with(services: Services, client: Client, account_id: AccountId, before: tuple[str, ...]) -> tuple[str, ...]:
    """The usual networks of a device after a full sign-in from here: this one first, the oldest give way."""
    here = neighbourhood(client.network)
    if not here:
        return before
    hashes = [found.hex() for found in services.sealer.keyed_hashes(_named(account_id, here), NETWORK)]
    return (hashes[0], *(n for n in before if n not in hashes))[:NETWORKS_KEPT]


def family(user_agent: str) -> str:
    """Browser and system, without the versions that change every few weeks; of a program, its name."""
    return device_name(user_agent) or user_agent.partition("/")[0].strip()


@lru_cache(maxsize=1024)
def neighbourhood(network: str) -> str:
    """The wider network of an IP address, such as ``192.0.0.0/16``; empty for what is no address."""
    try:
        address = ip_address(network)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ip_network((address, NEIGHBOURHOOD_BITS[address.version]), strict=False))


def _named(account_id: AccountId, here: str) -> bytes:
    """With the account, so that equal networks of two people do not look alike in the database."""
    return f"{account_id} {here}".encode()
