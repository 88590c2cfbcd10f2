"""Which schema a database has. Cheap to ask at every start."""

from sparekey.adapters.sql.connection import Database, Statement

HEAD = "0004"
"""The newest migration; a test holds it to the folder ``migrations``."""

_VERSION = Statement("select version_num from alembic_version")


async def read_version(database: Database) -> str:
    """The migration that a database is at; empty when it has no tables yet. Raises ``StoreUnavailable``."""
    await database.open()
    try:
        async with database.transaction() as connection:
            row = await connection.one(_VERSION)
            return row[0] if row else ""
    except database.no_such_table:
        return ""
    finally:
        await database.close()
