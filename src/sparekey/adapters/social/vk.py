"""VK ID (OAuth 2.1 with PKCE). Its own turn: the ``device_id`` that comes back with the code must be sent along with it.

A public client by VK's design: PKCE stands in for a secret. VK does not say that it verified an address, so none is believed.
"""

from typing import Final
from urllib.parse import urlencode

import httpx2
import msgspec

from sparekey.adapters.social.http import ask, refused
from sparekey.use_cases.ports_of_social import SocialAnswer, SocialIdentity

ISSUER: Final = "https://id.vk.com"
"""The name of the issuer for our records; it stays, wherever VK's servers move."""


class _Token(msgspec.Struct):
    access_token: str
    user_id: int | str
    state: str = ""


class _User(msgspec.Struct):
    user_id: int | str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


class _Info(msgspec.Struct):
    user: _User


class Vk:
    """``url``: where VK ID is."""

    name = "vk"
    title = "VK"

    def __init__(self, client: httpx2.AsyncClient, *, client_id: str, url: str) -> None:
        self._client = client
        self._id = client_id
        self._url = url.rstrip("/")

    async def authorization_url(self, *, state: str, nonce: str, code_challenge: str, redirect_uri: str) -> str:
        return f"{self._url}/authorize?" + urlencode(
            {
                "response_type": "code",
                "client_id": self._id,
                "redirect_uri": redirect_uri,
                "state": state,
                "scope": "vkid.personal_info email",
                "code_challenge": code_challenge,
                "code_challenge_method": "S256",
            }
        )

    async def identify(self, answer: SocialAnswer, *, nonce: str, code_verifier: str, redirect_uri: str) -> SocialIdentity:
        if not answer.device_id:
            raise refused(self.name, "no device_id")
        form = {
            "grant_type": "authorization_code",
            "client_id": self._id,
            "redirect_uri": redirect_uri,
            "code": answer.code,
            "code_verifier": code_verifier,
            "device_id": answer.device_id,
            "state": answer.state,
        }
        token = await ask(self._client, self.name, f"{self._url}/oauth2/auth", _Token, form=form)
        if token.state not in {"", answer.state}:
            raise refused(self.name, "state")
        asked = {"access_token": token.access_token, "client_id": self._id}
        user = (await ask(self._client, self.name, f"{self._url}/oauth2/user_info", _Info, form=asked)).user
        subject = str(user.user_id)
        if subject != str(token.user_id) or not subject.isdigit() or len(subject) > 64:
            raise refused(self.name, "subject")
        return SocialIdentity(ISSUER, subject, user.email, email_verified=False, name=f"{user.first_name} {user.last_name}".strip())
