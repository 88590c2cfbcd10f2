"""What every server in the comparison can be asked for."""

from typing import Protocol

from bench.databases import Place
from bench.load import Answer, Request, once
from bench.machine import Command, Server


def email(i: int) -> str:
    """Account ``i`` of every server; from 0."""
    return f"u{i}@example.com"


class Peer(Protocol):
    name: str

    def is_installed(self) -> bool: ...

    def load(self, place: Place, count: int) -> None:
        """Schema and ``count`` accounts with a password and a session each, into an empty database."""

    def command(self, place: Place) -> Command: ...

    def checks(self, server: Server, count: int) -> list[Request]:
        """Who is signed in? For 32 sessions among ``count`` accounts."""


class PasswordPeer(Peer, Protocol):
    def sign_in(self, i: int) -> Request: ...

    def reset(self, address: str) -> Request:
        """Start of a recovery."""


def signed_in(server: Server, requests: list[Request]) -> list[Answer]:
    """Raises ``RuntimeError`` for anything that is not 2xx."""
    answers = [once(server, r) for r in requests]
    for a in answers:
        if not 200 <= a.status < 300:
            raise RuntimeError(f"{server.name}: {a.status} {a.body[:300]!r}")
    return answers
