# ruff: noqa: B008 - FastAPI is told so what to pass
"""fastapi-users with tokens in the database; its hook for mail does nothing."""

import os
import uuid

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport
from fastapi_users.authentication.strategy.db import DatabaseStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from fastapi_users_db_sqlalchemy.access_token import SQLAlchemyAccessTokenDatabase, SQLAlchemyBaseAccessTokenTableUUID
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

SECRET = "bench-only-0123456789abcdefghijklmnopqrstuvwxyz"
URL = os.environ["BENCH_NAME"]


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    pass


engine = create_async_engine(URL, **({"pool_size": 20} if "postgresql" in URL else {}))
if "sqlite" in URL:

    @event.listens_for(engine.sync_engine, "connect")
    def _pragma(con, _):
        cur = con.cursor()
        cur.execute("pragma journal_mode=wal")
        cur.execute("pragma synchronous=normal")
        cur.execute("pragma busy_timeout=20000")
        cur.close()


maker = async_sessionmaker(engine, expire_on_commit=False)


async def db():
    async with maker() as s:
        yield s


async def user_db(s=Depends(db)):
    yield SQLAlchemyUserDatabase(s, User)


async def token_db(s=Depends(db)):
    yield SQLAlchemyAccessTokenDatabase(s, AccessToken)


class Manager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


helper = PasswordHelper(PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1),)))


async def manager(u=Depends(user_db)):
    yield Manager(u, helper)


class Read(schemas.BaseUser[uuid.UUID]):
    pass


def db_strategy(t=Depends(token_db)):
    return DatabaseStrategy(t, lifetime_seconds=14 * 86400)


dbb = AuthenticationBackend("db", BearerTransport("auth/db/login"), db_strategy)
fu_db = FastAPIUsers[User, uuid.UUID](manager, [dbb])
app = FastAPI()
app.include_router(fu_db.get_auth_router(dbb), prefix="/auth/db")
app.include_router(fu_db.get_reset_password_router(), prefix="/auth")


@app.get("/me/db", response_model=Read)
async def me_db(u=Depends(fu_db.current_user(active=True))):
    return u


@app.get("/ok")
async def ok():
    return {}
