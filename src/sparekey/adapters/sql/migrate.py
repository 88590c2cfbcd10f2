"""Bring a database to the newest schema. Slow to import (SQLAlchemy, Alembic): called only when ``HEAD`` is not reached."""

import asyncio
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

WAITS = 60.0
"""Seconds that a process waits while another one migrates the same file."""


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(url: str) -> None:
    """``url``: ``sqlite:///file`` or ``postgresql://…``. Runs all missing migrations, each in its own transaction."""
    if url.startswith("sqlite"):
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAITS, "isolation_level": None})
        # By itself the driver would begin no transaction before a table is made: two that start at once would both make it.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin immediate"))
        with engine.begin() as connection:
            _upgrade(connection)
        engine.dispose()
    else:
        asyncio.run(_upgrade_postgres(url))


async def _upgrade_postgres(url: str) -> None:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)
    await engine.dispose()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Of several nodes that start at once one migrates and the others wait and find nothing to do.
        connection.execute(text("select pg_advisory_xact_lock(8400)"))
    command.upgrade(alembic_config(connection), "head")


if __name__ == "__main__":
    upgrade(sys.stdin.read().strip())
