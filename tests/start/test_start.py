"""From one command to the first page, and what is said when it cannot be (O1)."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server import ROOT, SERVE, free_port

SECONDS = 60

pytestmark = pytest.mark.row("O1")

PRODUCTION = {
    "MODE": "production",
    "BASE_URL": "https://id.example.com",
    "SMTP": "smtp://mail.example.com:587",
    "MAIL_FROM": "id@example.com",
}


@dataclass
class Started:
    process: subprocess.Popen[str]
    port: int
    seconds: float = 0

    def status(self, path: str, host: str = "") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host} if host else {})
            return connection.getresponse().status
        finally:
            connection.close()

    def until_ready(self) -> None:
        before = time.monotonic()
        while time.monotonic() < before + SECONDS:
            try:
                if self.status("/health/ready") == 200:
                    self.seconds = time.monotonic() - before
                    return
            except OSError:
                pass
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)
        raise AssertionError("not ready in time")

    def end(self) -> tuple[int, str]:
        """SIGTERM, as ``systemctl stop`` and Docker send it. Answers the exit code and all that was printed."""
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, said


def launch(data: Path, **settings: str) -> Started:
    port = int(settings.get("PORT", 0)) or free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SPAREKEY_") and k != "PYTHONDONTWRITEBYTECODE"}
    given = {f"SPAREKEY_{k}": v for k, v in {"DATA": str(data), **settings, "PORT": str(port)}.items()}
    out = subprocess.PIPE
    return Started(subprocess.Popen(SERVE, env={**kept, **given}, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, text=True), port)


def refused(data: Path, settings: Mapping[str, str]) -> str:
    """The one line that is said by a server that does not start."""
    process = launch(data, **settings).process
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 2, said
    assert said.count("\n") == 1, said
    return said.strip()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_first_and_a_second_start(data_dir: Path) -> None:
    first = launch(data_dir)
    first.until_ready()
    for path in ("/", "/dev/mail", "/dev/phone"):
        assert first.status(path) == 200
    code, said = first.end()
    assert code == 0, said
    assert f"http://localhost:{first.port}/dev/mail" in said
    assert "development mode" in said
    assert (data_dir.stat().st_mode & 0o077, (data_dir / "keys.json").stat().st_mode & 0o077) == (0, 0)

    second = launch(data_dir)
    second.until_ready()
    code, said = second.end()
    assert code == 0, said
    print(f"ready after {first.seconds:.2f} s, the second time after {second.seconds:.2f} s")  # noqa: T201 - shown with -rP; no timed assert


def test_a_taken_port(data_dir: Path, taken: int) -> None:
    assert refused(data_dir, {"PORT": str(taken)}) == (
        f"sparekey: cannot listen on 127.0.0.1:{taken}: Address already in use (choose another with SPAREKEY_PORT)"
    )
    assert not data_dir.exists(), "nothing is made by a server that does not start"


def test_a_data_folder_that_cannot_be_used(tmp_path: Path) -> None:
    file = tmp_path / "not a folder"
    file.touch()
    assert refused(file, {}) == f"sparekey: the data folder {file} cannot be used: File exists"
    assert refused(file / "below", {}) == f"sparekey: the data folder {file / 'below'} cannot be used: Not a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_data_folder_that_may_not_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o000)
    try:
        assert refused(tmp_path, {}) == f"sparekey: the data folder {tmp_path} cannot be used: Permission denied"
    finally:
        tmp_path.chmod(0o700)


def test_a_database_that_is_not_there(data_dir: Path) -> None:
    said = refused(data_dir, {"DATABASE": f"postgresql://sparekey@127.0.0.1:{free_port()}/nothing"})
    assert said.startswith("sparekey: the database does not answer: ")


def test_an_unknown_setting(data_dir: Path) -> None:
    assert refused(data_dir, {"PROT": "8401"}) == "sparekey: unknown setting: SPAREKEY_PROT"


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("BASE_URL", "SPAREKEY_BASE_URL is required in production"),
        ("SMTP", "SPAREKEY_SMTP and SPAREKEY_MAIL_FROM are required in production"),
        ("MAIL_FROM", "SPAREKEY_SMTP and SPAREKEY_MAIL_FROM are required in production"),
    ],
)
def test_production_wants_an_address_and_mail(data_dir: Path, without: str, said: str) -> None:
    given = {k: v for k, v in PRODUCTION.items() if k != without}
    assert refused(data_dir, given).startswith(f"sparekey: {said}")


def test_production_without_https(data_dir: Path) -> None:
    assert refused(data_dir, {**PRODUCTION, "BASE_URL": "http://id.example.com"}).endswith("must begin with https:// in production")


def test_production_has_no_mailbox_to_look_at(data_dir: Path) -> None:
    server = launch(data_dir, **PRODUCTION)
    server.until_ready()
    assert server.status("/sign-in", "id.example.com") == 200
    for path in ("/dev/mail", "/dev/phone", "/dev/mail/x"):
        assert server.status(path, "id.example.com") == 404
    code, said = server.end()
    assert code == 0, said
    assert "mailbox" not in said
