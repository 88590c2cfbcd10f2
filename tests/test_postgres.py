"""The PostgreSQL of the tests: what the other tests rely on."""

import asyncpg
import pytest

from tests.postgres import Cluster


async def tables(url: str) -> int:
    connection = await asyncpg.connect(url)
    count: int = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return count


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_its_own_database(turn: int, fresh_postgres_url: str) -> None:
    connection = await asyncpg.connect(fresh_postgres_url)
    await connection.execute("CREATE TABLE only_here (n int)")
    await connection.close()


async def test_an_empty_database_has_no_tables_and_a_fresh_one_has(empty_postgres_url: str, fresh_postgres_url: str) -> None:
    assert await tables(empty_postgres_url) == 0
    assert await tables(fresh_postgres_url) > 0


async def test_a_cluster_comes_back_on_its_port() -> None:
    with Cluster() as cluster:
        url = cluster.create("kept")
        cluster.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncpg.connect(url)
        cluster.start()
        assert await tables(url) == 0


def test_both_databases_are_offered(database_url: str) -> None:
    assert database_url == "" or database_url.startswith("postgresql://")
