import asyncio

from app import Base, engine


async def main():
    async with engine.begin() as c:
        await c.run_sync(Base.metadata.create_all)
    await engine.dispose()


asyncio.run(main())
