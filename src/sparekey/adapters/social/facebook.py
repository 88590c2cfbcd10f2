"""Facebook Login, "Manually build a login flow": the code is exchanged and the Graph API asked with a proof of the app's secret.

There is no token to check here: the answer is believed because it came from Facebook over TLS, for a code that only we could exchange.
Facebook does not say that it verified an address, so none is believed.
"""

import hashlib
import hmac
from typing import Final
from urllib.parse import urlencode

import httpx2
import msgspec

from sparekey.adapters.social.http import ask, refused
from sparekey.use_cases.ports_of_social import SocialAnswer, SocialIdentity

ISSUER: Final = "https://www.facebook.com"
VERSION: Final = "v23.0"
"""Of the Graph API; each lives two years at least."""


class _Token(msgspec.Struct):
    access_token: str


class _Me(msgspec.Struct):
    """``id``: of the person for our app alone."""

    id: str
    name: str = ""
    email: str = ""


class Facebook:
    """``dialog`` and ``graph``: where Facebook is; elsewhere in tests."""

    name = "facebook"
    title = "Facebook"

    def __init__(
        self,
        client: httpx2.AsyncClient,
        *,
        client_id: str,
        client_secret: str,
        dialog: str = ISSUER,
        graph: str = "https://graph.facebook.com",
    ) -> None:
        self._client = client
        self._id = client_id
        self._secret = client_secret
        self._dialog = f"{dialog}/{VERSION}/dialog/oauth"
        self._graph = f"{graph}/{VERSION}"

    async def authorization_url(self, *, state: str, nonce: str, code_challenge: str, redirect_uri: str) -> str:
        return f"{self._dialog}?" + urlencode(
            {
                "client_id": self._id,
                "redirect_uri": redirect_uri,
                "state": state,
                "response_type": "code",
                "scope": "public_profile,email",
                "code_challenge": code_challenge,
                "code_challenge_method": "S256",
            }
        )

    async def identify(self, answer: SocialAnswer, *, nonce: str, code_verifier: str, redirect_uri: str) -> SocialIdentity:
        form = {
            "client_id": self._id,
            "client_secret": self._secret,
            "redirect_uri": redirect_uri,
            "code": answer.code,
            "code_verifier": code_verifier,
        }
        token = (await ask(self._client, self.name, f"{self._graph}/oauth/access_token", _Token, form=form)).access_token
        # "Securing Graph API requests": a token that leaked elsewhere is no good without the secret.
        proof = hmac.new(self._secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        params = {"fields": "id,name,email", "appsecret_proof": proof}
        me = await ask(self._client, self.name, f"{self._graph}/me", _Me, params=params, bearer=token)
        if not me.id.isdigit() or len(me.id) > 64:
            raise refused(self.name, "no id")
        return SocialIdentity(ISSUER, me.id, me.email, email_verified=False, name=me.name)
