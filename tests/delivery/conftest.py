"""Servers with real sockets."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import trustme


@dataclass(frozen=True)
class MailServer:
    port: int
    folder: Path

    def letters(self) -> list[EmailMessage]:
        return [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(self.folder.glob("*.eml"))]

    def envelopes(self) -> list[list[str]]:
        return [path.read_text().split() for path in sorted(self.folder.glob("*.envelope"))]


@dataclass(frozen=True)
class Authority:
    """Who signed the servers' certificates, and one certificate for 127.0.0.1."""

    ca_file: str
    certificate: str


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return Authority(str(folder / "ca.pem"), str(folder / "server.pem"))


@pytest.fixture
def mail_server(authority: Authority, tmp_path: Path) -> Iterator[Callable[[str], MailServer]]:
    """Start a mail server process: ``mail_server("starttls")``."""
    processes: list[subprocess.Popen[str]] = []

    def start(tls: str) -> MailServer:
        folder = tmp_path / f"letters{len(processes)}"
        folder.mkdir()
        script = str(Path(__file__).with_name("smtp_server.py"))
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", script, str(folder), tls, authority.certificate], stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        return MailServer(int(process.stdout.readline()), folder)

    yield start
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpServer:
    """Answers each request with the next of ``answers`` (status and body), the last one for ever."""

    url: str
    requests: list[Request] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b"{}")])

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *rest = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (h.partition(": ") for h in rest if h)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(Request(line, headers, body))
        status, answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        location = "location: http://127.0.0.1:9/\r\n" if status in range(300, 400) else ""
        writer.write(f"HTTP/1.1 {status} x\r\n{location}content-length: {len(answer)}\r\nconnection: close\r\n\r\n".encode() + answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def http_server() -> AsyncIterator[HttpServer]:
    server = HttpServer("")
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield server
    listening.close()
    await listening.wait_closed()


@pytest.fixture
async def stalled_port() -> AsyncIterator[int]:
    """A port that takes connections and says nothing."""
    ends: list[asyncio.StreamWriter] = []
    listening = await asyncio.start_server(lambda _, writer: ends.append(writer), "127.0.0.1", 0)
    yield listening.sockets[0].getsockname()[1]
    for end in ends:
        end.close()
    listening.close()
    await listening.wait_closed()


@pytest.fixture
async def dead_port() -> int:
    """A port that nobody listens on any more."""
    listening = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port: int = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    return port
