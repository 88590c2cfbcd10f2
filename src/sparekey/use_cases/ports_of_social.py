"""Other providers at which people have accounts."""

from typing import Protocol

from sparekey.domain.values import Struct


class SocialIdentity(Struct, frozen=True):
    """Who somebody is at another provider. ``issuer`` and ``subject`` together are the identity (OpenID Connect Core 1.0, 2);
    nothing else is. ``email``: empty where the provider tells none. ``email_verified``: the provider vouches that the address is this
    person's; without that it is only a suggestion. ``name``: empty where none is told.
    """

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


class SocialAnswer(Struct, frozen=True):
    """What the provider sent the browser back with. ``issuer``: who it says it is (RFC 9207), or empty. ``device_id``: VK's, or empty."""

    code: str
    state: str
    issuer: str = ""
    device_id: str = ""


class SocialProvider(Protocol):
    """Another provider at which people have accounts: authorization code with PKCE (RFC 6749, 4.1; RFC 7636, S256 only).

    ``name``: in addresses, for ever. ``title``: on buttons. Both methods raise ``TryLater`` when it is down, slow or makes no sense, and
    ``Refused`` when it says no or its answer must not be believed.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...

    async def authorization_url(self, *, state: str, nonce: str, code_challenge: str, redirect_uri: str) -> str:
        """Where to send the browser."""

    async def identify(self, answer: SocialAnswer, *, nonce: str, code_verifier: str, redirect_uri: str) -> SocialIdentity:
        """Exchange the code, once, and check all that comes for it."""
