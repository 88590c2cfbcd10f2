"""Authenticator codes against the vectors of RFC 4226 (10) and RFC 6238 (18), and what is judged about them without a server."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparekey.challenges import totp

pytestmark = pytest.mark.row("F1")

VECTORS = Path(__file__).parent / "vectors"
DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
SEED = b"12345678901234567890"
NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)

Vector = dict[str, str]


def vectors(name: str) -> list[Vector]:
    blocks = (VECTORS / name).read_text().split("\n\n")
    found = [dict(line.split(" = ") for line in block.splitlines() if " = " in line) for block in blocks]
    return [v for v in found if v]


def test_all_vectors_are_read() -> None:
    assert (len(vectors("rfc-4226.txt")), len(vectors("rfc-6238.txt"))) == (10, 18)


@pytest.mark.parametrize("vector", vectors("rfc-4226.txt"), ids=lambda v: v["COUNTER"])
def test_rfc_4226(vector: Vector) -> None:
    assert totp.code_at(vector["SECRET"].encode(), int(vector["COUNTER"])) == vector["HOTP"]


@pytest.mark.parametrize("vector", vectors("rfc-6238.txt"), ids=lambda v: f"{v['MODE']}-{v['TIME']}")
def test_rfc_6238(vector: Vector) -> None:
    """The library that judges, with eight digits and each hash; ours is its SHA-1 with six."""
    seed, at = vector["SECRET"].encode(), int(vector["TIME"])
    judge = pyotp.TOTP(base64.b32encode(seed).decode(), digits=8, digest=DIGESTS[vector["MODE"]], interval=30)
    assert judge.at(at) == vector["TOTP"]
    if vector["MODE"] == "SHA1":
        moment = datetime.fromtimestamp(at, UTC)
        assert totp.code_at(seed, totp.step_at(moment)) == vector["TOTP"][-6:]
        assert totp.step_of(seed, vector["TOTP"][-6:], moment) == totp.step_at(moment)


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False), (2_000_000, False)])
def test_one_step_of_drift_to_either_side(steps: int, right: bool) -> None:
    step = totp.step_at(NOW) + steps
    assert totp.step_of(SEED, totp.code_at(SEED, step), NOW) == (step if right else 0)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(totp.step_of(SEED, text, NOW), int)


@pytest.mark.parametrize("spaced", [lambda c: f"{c[:3]} {c[3:]}", lambda c: f" {c}\n", lambda c: f"{c[:2]}-{c[2:]}"])
def test_spaces_and_dashes_do_not_matter(spaced: Callable[[str], str]) -> None:
    assert totp.step_of(SEED, spaced(totp.code_at(SEED, totp.step_at(NOW))), NOW)


def test_what_the_app_is_told() -> None:
    seed = totp.seed_of("A" * 43)
    assert len(seed) == 20
    told = urlsplit(totp.uri(seed, account="anna@example.com", site="Shop & Co"))
    asked = parse_qs(told.query)
    assert (told.scheme, told.netloc, asked["issuer"]) == ("otpauth", "totp", ["Shop & Co"])
    assert base64.b32decode(asked["secret"][0]) == seed
    assert base64.b32decode(totp.typed_key(seed).replace(" ", "")) == seed


def test_two_seeds_differ() -> None:
    assert totp.seed_of("A" * 43) != totp.seed_of("B" * 43)


def test_a_step_lasts_thirty_seconds() -> None:
    assert totp.step_at(NOW + timedelta(seconds=29)) == totp.step_at(NOW)
    assert totp.step_at(NOW + timedelta(seconds=30)) == totp.step_at(NOW) + 1
