"""Providers on loopback, and what asks them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from sparekey.adapters.sql import migrate
from tests.social.stand_ins import FacebookStandIn, OpenIdStandIn, VkStandIn, running
from tests.social.world import World, world


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


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest schema, to copy from."""
    file = tmp_path_factory.mktemp("migrated") / "sparekey.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
async def w(database_url: str, data_dir: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with world(database_url, data_dir, migrated_sqlite, monkeypatch) as w:
        yield w
