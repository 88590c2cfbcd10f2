"""P4: breached passwords, offline and by range."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparekey.adapters.breached import SHIPPED, BreachedLists, FilterFile, hashes_of_passwords, write_filter
from sparekey.adapters.breached_ranges import RangeService
from sparekey.cli.passwords import app
from sparekey.domain.errors import BadSettings

URL = "https://range.example/range"


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


def service(answer: Callable[[httpx2.Request], httpx2.Response]) -> RangeService:
    return RangeService(URL + "/", httpx2.AsyncClient(transport=httpx2.MockTransport(answer)))


@pytest.mark.row("P4")
@pytest.mark.parametrize("password", ["123456789012345", "1qaz2wsx3edc4rfv", "Password1", "qwertyuiop"])
async def test_the_shipped_list_knows_common_passwords(password: str) -> None:
    assert await BreachedLists([FilterFile(SHIPPED)]).has(password)


@pytest.mark.row("P4")
@pytest.mark.parametrize("password", ["nebel über dem fluss", "", "\ud800" * 8, "x" * 1025, "123456789012345 and more"])
async def test_the_whole_password_is_compared(password: str) -> None:
    assert not await BreachedLists([FilterFile(SHIPPED)]).has(password)


@pytest.mark.row("P4")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.sets(st.text("abc", min_size=8, max_size=10)), st.text("abc", min_size=8, max_size=10))
def test_a_filter_answers_like_the_set_it_was_made_of(tmp_path: Path, inside: set[str], asked: str) -> None:
    count = write_filter(hashes_of_passwords(p.encode() + b"\n" for p in inside), tmp_path / "f")
    made = FilterFile(tmp_path / "f")
    assert count == len(made) == len(inside)
    for password in inside | {asked}:
        assert made.has(bytes.fromhex(sha1(password))) == (password in inside)


@pytest.mark.row("P4")
async def test_an_operator_makes_a_filter_of_a_downloaded_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dump = tmp_path / "dump.txt"
    lines = sorted(f"{sha1(f'password number {n}')}:{n}" for n in range(1, 500))
    dump.write_text("\r\n".join(lines) + "\r\n")
    app(["build-filter", str(dump), str(tmp_path / "own.filter")], result_action="return_value")
    assert "499 passwords" in capsys.readouterr().out
    lists = BreachedLists([FilterFile(SHIPPED), FilterFile(tmp_path / "own.filter")])
    assert await lists.has("password number 7")
    assert not await lists.has("password number 500")
    assert await lists.has("123456789012345"), "the shipped list is always used as well"


@pytest.mark.row("P4")
async def test_an_operator_makes_a_filter_of_plain_passwords(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_bytes("cafe\u0301 au lait\nshort\nein langes wort\r\n".encode())
    app(["build-filter", "--plain", str(tmp_path / "plain.txt"), str(tmp_path / "own.filter")], result_action="return_value")
    lists = BreachedLists([FilterFile(tmp_path / "own.filter")])
    assert await lists.has("caf\u00e9 au lait")
    assert await lists.has("ein langes wort")
    assert not await lists.has("short"), "shorter than any rule allows"


@pytest.mark.row("P4")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{sha1('b')}:1\n" * 2 + "0" * 40 + ":1\n", "line 3 is out of order"),
        ("password1\n", "line 1 does not begin with a SHA-1"),
        ("é" * 40 + ":1\n", "line 1 does not begin with a SHA-1"),
    ],
)
def test_a_bad_source_is_one_clear_line_and_leaves_the_old_filter(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "dump").write_text(text)
    write_filter(hashes_of_passwords([b"an old password"]), tmp_path / "own")
    with pytest.raises(BadSettings, match=message):
        app(["build-filter", str(tmp_path / "dump"), str(tmp_path / "own")], result_action="return_value")
    assert len(FilterFile(tmp_path / "own")) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dump", "own"]
    with pytest.raises(BadSettings, match="No such file"):
        app(["build-filter", str(tmp_path / "none"), str(tmp_path / "own")], result_action="return_value")


@pytest.mark.row("P4")
@pytest.mark.parametrize("damage", [b"", b"no filter at all", SHIPPED.read_bytes()[:-1], None])
def test_a_damaged_filter_is_refused_at_start(tmp_path: Path, damage: bytes | None) -> None:
    if damage is not None:
        (tmp_path / "own").write_bytes(damage)
    with pytest.raises(BadSettings, match="own"):
        FilterFile(tmp_path / "own")


@pytest.mark.row("P4")
async def test_the_range_service_is_sent_five_digits_and_asked_to_pad() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, text=f"{'0' * 35}:3\r\n{sha1('a breached one')[5:]}:12\r\n{sha1('padding')[5:]}:0\r\n")

    lists = BreachedLists([], service(answer))
    assert await lists.has("a breached one")
    assert not await lists.has("padding"), "a line with a count of 0 is padding"
    assert not await lists.has("a fresh one")
    assert [str(r.url) for r in seen] == [f"{URL}/{sha1(p)[:5]}" for p in ("a breached one", "padding", "a fresh one")]
    assert {r.headers["Add-Padding"] for r in seen} == {"true"}
    assert not any(r.content for r in seen)


@pytest.mark.row("P4")
@pytest.mark.parametrize("fault", ["down", 500, 429, 302, "garbage"])
async def test_a_failing_range_service_stops_nobody_and_nothing_secret_is_logged(
    fault: str | int, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if fault == "down":
            raise httpx2.ConnectError("refused")
        if fault == "garbage":
            return httpx2.Response(200, content=b"\xff\xfe\x00<html>")
        assert isinstance(fault, int)
        return httpx2.Response(fault, headers={"Location": "https://elsewhere.example/"})

    assert not await BreachedLists([], service(answer)).has("a breached one")
    printed = capsys.readouterr()
    assert sha1("a breached one")[:5] not in printed.out + printed.err


@pytest.mark.row("P4")
async def test_what_the_list_knows_is_not_asked_outside() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError("asked")

    assert await BreachedLists([FilterFile(SHIPPED)], service(answer)).has("123456789012345")
