"""The real OpenID provider (npm ``oidc-provider``, in ``provider/``): installed, started, and walked through as a browser does."""

import fcntl
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
import pytest

FOLDER = Path(__file__).parent / "provider"
CLIENT_ID = "sparekey"
CLIENT_SECRET = "a-secret-of-forty-characters-and-some-more"

OLDEST_NODE = 20

ACCOUNTS = {
    "anna": {"email": "anna@example.com", "email_verified": True, "name": "Anna Berg"},
    "boris": {"email": "boris@example.com", "email_verified": False, "name": "Boris"},
    "vera": {},
}


def install() -> None:
    """``npm ci``, once, also where several test processes come at the same time. Skips the test where there is no Node."""
    if not shutil.which("npm") or not shutil.which("node") or _node() < OLDEST_NODE:
        pytest.skip(f"the real OpenID provider needs npm, and node {OLDEST_NODE} or newer")
    done = FOLDER / "node_modules" / ".package-lock.json"
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
            subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=FOLDER, check=True, timeout=300)
            done.touch()


def _node() -> int:
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.removeprefix("v").split(".")[0])


@dataclass
class RealProvider:
    """A process of its own. ``redirect_uri``: the one that is registered."""

    redirect_uri: str
    algorithm: str = "RS256"
    port: int = 0
    url: str = ""

    def __enter__(self) -> Self:
        install()
        settings = {
            "port": self.port,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "algorithm": self.algorithm,
            "redirect_uris": [self.redirect_uri],
            "accounts": ACCOUNTS,
        }
        self._process = subprocess.Popen(
            ["node", "server.mjs", json.dumps(settings)], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the provider did not start"
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    async def allow(self, authorization_url: str, login: str = "anna") -> dict[str, str]:
        """Sign in at the provider, agree, and answer what the browser brings back."""
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answered = await browser.get(authorization_url)
            for _ in range(12):
                where = answered.headers.get("location", "")
                if where.startswith(self.redirect_uri):
                    return dict(parse_qsl(urlsplit(where).query))
                if where:
                    answered = await browser.get(urljoin(str(answered.request.url), where))
                    continue
                form: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)"', answered.text))
                assert form, answered.text
                action = re.search(r'<form[^>]+action="([^"]+)"', answered.text)
                assert action
                answered = await browser.post(urljoin(str(answered.request.url), action[1]), data=form | {"login": login, "password": "x"})
        raise AssertionError("the provider leads nowhere")
