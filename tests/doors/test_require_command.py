"""``sparekey accounts`` on a site as it stands: require a second factor (F8), block and unblock (C4)."""

import os
import subprocess
import sys

import pytest

from tests.doors.api import Api


def command(api: Api, *arguments: str, name: str = "require-second-factor") -> subprocess.CompletedProcess[str]:
    settings = {"SPAREKEY_DATA": api.settings.storage.data, "SPAREKEY_DATABASE": api.settings.storage.database}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPAREKEY_")}
    called = [sys.executable, "-m", "sparekey.cli.main", "accounts", name, *arguments]
    return subprocess.run(called, env={**kept, **settings}, capture_output=True, text=True, check=False)


@pytest.mark.row("F8")
async def test_the_operator_requires_it_of_one_account_and_takes_it_back(api: Api) -> None:
    anna, bert = await api.signed_up("anna@example.com"), await api.signed_up("bert@example.com")
    done = command(api, "anna@example.com")
    assert done.returncode == 0, done.stderr
    assert not await anna.is_signed_in()
    assert (await anna.call("GET", "/api/v1/account")).problem == "second_factor_needed"
    assert await bert.is_signed_in()
    assert command(api, "anna@example.com", "--not").returncode == 0
    assert await anna.is_signed_in()
    refused = command(api, "nobody@example.com")
    assert (refused.returncode, refused.stderr.strip()) == (1, "There is no such account.")


@pytest.mark.row("C4")
async def test_the_operator_blocks_an_account_and_opens_it_again(api: Api) -> None:
    anna = await api.signed_up("anna@example.com")
    assert command(api, "anna@example.com", name="block").returncode == 0
    assert not await anna.is_signed_in()
    told = await api.program().sign_in("anna@example.com")
    assert (told.state, told.said["ended"]) == ("denied", "blocked")
    assert command(api, "anna@example.com", name="unblock").returncode == 0
    assert (await api.program().sign_in("anna@example.com")).state == "done"
    for name in ("block", "unblock"):
        refused = command(api, "nobody@example.com", name=name)
        assert (refused.returncode, refused.stderr.strip()) == (1, "There is no such account.")
