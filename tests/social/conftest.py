"""Providers on loopback, and what asks them."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.social.stand_ins import FacebookStandIn, OpenIdStandIn, VkStandIn, running


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
async def openid() -> AsyncIterator[OpenIdStandIn]:
    async with running(OpenIdStandIn()) as stand_in:
        yield stand_in


@pytest.fixture
async def facebook() -> AsyncIterator[FacebookStandIn]:
    async with running(FacebookStandIn()) as stand_in:
        yield stand_in


@pytest.fixture
async def vk() -> AsyncIterator[VkStandIn]:
    async with running(VkStandIn()) as stand_in:
        yield stand_in
