"""A server of ours with three providers beside it, all on loopback, driven as programs and browsers do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from sparekey.adapters.social.facebook import Facebook
from tests.doors.api import Answer, Api, Program, served
from tests.social.stand_ins import CLIENT_ID, CLIENT_SECRET, FacebookStandIn, OpenIdStandIn, Person, StandIn, VkStandIn, allow, running

ANNA = "anna@example.com"


@dataclass
class World:
    api: Api
    openid: OpenIdStandIn
    facebook: FacebookStandIn
    vk: VkStandIn

    def at(self, provider: str) -> StandIn:
        return {"oidc": self.openid, "facebook": self.facebook, "vk": self.vk}[provider]

    async def visit(self, program: Program, url: str, flow_id: str, provider: str = "oidc") -> Answer:
        """To the provider, and back with what it gives."""
        return await bring(program, flow_id, provider, await allow(url))

    async def come(self, program: Program, provider: str = "oidc") -> Answer:
        """Sign in, or begin to sign up."""
        began = await program.start("sign_in_social", provider=provider)
        assert (began.status, began.state, began.said["choices"]) == (201, "asking", ["social"]), began
        return await self.visit(program, began.said["authorization_url"], began.flow_id, provider)

    async def signed_up(self, provider: str = "oidc", email: str = ANNA, name: str = "Anna") -> Program:
        """A program in whose session this new account is; it began at the provider and has no password."""
        program = self.api.program()
        came = await self.come(program, provider)
        done = await details(program, came.flow_id, name, email)
        if done.state != "done":
            done = await program.code(done.flow_id, (await self.api.newest(email)).code)
        assert done.state == "done", done
        return program

    async def link(self, program: Program, provider: str = "oidc") -> Answer:
        began = await program.start("link_social", provider=provider)
        assert began.said["finish"] == "social", began
        away = await go(program, began.flow_id, provider)
        return await self.visit(program, away.said["authorization_url"], began.flow_id, provider)


async def go(program: Program, flow_id: str, provider: str = "oidc", **given: str) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/social", {"provider": provider, **given})


async def bring(program: Program, flow_id: str, provider: str, back: dict[str, str]) -> Answer:
    """Answer with what the browser brought back. The flow may go on as another one, driven by the same token."""
    brought = {"challenge": "social", "provider": provider, "code": back["code"], "state": back["state"]}
    brought |= {ours: back[theirs] for ours, theirs in (("issuer", "iss"), ("device_id", "device_id")) if theirs in back}
    answer = await program.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": brought})
    if answer.status < 300 and flow_id in program.flow_tokens:
        program.flow_tokens.setdefault(answer.flow_id, program.flow_tokens[flow_id])
    return answer


async def details(program: Program, flow_id: str, name: str, email: str) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/details", {"name": name, "email": email})


@asynccontextmanager
async def world(
    database_url: str, data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch, **settings: str
) -> AsyncIterator[World]:
    async with running(OpenIdStandIn()) as openid, running(FacebookStandIn()) as facebook, running(VkStandIn()) as vk:
        monkeypatch.setattr("sparekey.adapters.outside.Facebook", partial(Facebook, dialog=facebook.url, graph=facebook.url))
        given = {
            "oidc_issuer": openid.url,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_name": "Example",
            "facebook_client_id": CLIENT_ID,
            "facebook_client_secret": CLIENT_SECRET,
            "vk_client_id": CLIENT_ID,
            "vk_url": vk.url,
            "social_redirects": "https://shop.example/back",
            "insecure_no_volume_limits": "true",
            **settings,
        }
        async with served(database_url, data_dir, migrated_sqlite, **given) as api:
            openid.now = lambda: api.clock.now().timestamp()
            yield World(api, openid, facebook, vk)


ANOTHER_PERSON = Person(subject="2071", email="boris@example.com", name="Boris Falk")
