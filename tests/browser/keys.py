"""A key at a person's browser: Chromium's virtual authenticator, which answers as a phone or a small device would."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession

from tests.browser.person import Person


@dataclass(frozen=True)
class Key:
    """``unlocks``: its owner can unlock it with a PIN or finger, and it keeps passkeys."""

    session: CDPSession
    authenticator: str

    async def unlocks(self, owner: bool) -> None:
        """Whether whoever holds it can unlock it from now on."""
        await self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": owner})

    async def credentials(self) -> list[dict[str, Any]]:
        found = await self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
        kept: list[dict[str, Any]] = found["credentials"]
        return kept


async def passkey_of(person: Person) -> Key:
    """A phone or computer that keeps passkeys and is unlocked by its owner."""
    return await _plug_in(person, transport="internal", hasResidentKey=True, hasUserVerification=True, isUserVerified=True)


async def security_key_of(person: Person) -> Key:
    """A small device that is only touched."""
    return await _plug_in(person, transport="usb", hasResidentKey=False, hasUserVerification=False)


async def _plug_in(person: Person, **options: object) -> Key:
    session = await person.context.new_cdp_session(person.page)
    await session.send("WebAuthn.enable", {"enableUI": False})
    given = {"protocol": "ctap2", "automaticPresenceSimulation": True, **options}
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": given})
    return Key(session, added["authenticatorId"])
