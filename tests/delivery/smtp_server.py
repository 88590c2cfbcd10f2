"""A real mail server in a process of its own. What it does with a letter is written in the local part of the reader.

Run: ``smtp_server.py FOLDER TLS CERTIFICATE``; TLS is ``starttls``, ``implicit`` or ``none``. Prints its port; letters it takes are
files in FOLDER. It knows the user ``site`` with the password ``pass:word/ä``.
"""

import asyncio
import itertools
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ANSWERS = {
    "gone": "550 5.1.1 <gone@mail.example> no such user 493027",
    "full": "452 4.2.2 mailbox full",
    "grey": "451 4.7.1 come back later",
}


class Handler:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count()

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        if refusal := ANSWERS.get(address.partition("@")[0]):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        match envelope.rcpt_tos[0].partition("@")[0]:
            case "spam":
                return "554 5.7.1 looks like spam"
            case "slow":
                await asyncio.sleep(600)
            case _:
                pass
        name = f"{next(self._count):06}"
        assert server.transport is not None
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        envelope_line = f"{envelope.mail_from} {' '.join(envelope.rcpt_tos)} {int(encrypted)}\n"
        (self._folder / f"{name}.envelope").write_text(envelope_line)
        (self._folder / f"{name}.eml").write_bytes(envelope.original_content or b"")
        return f"250 2.0.0 OK queued as {name}"


def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    right = isinstance(data, LoginPassword) and data.login == b"site" and data.password == "pass:word/ä".encode()
    return AuthResult(success=right, handled=False)  # handled=True would leave the client without an answer


async def main(folder: Path, tls: str, certificate: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    handler = Handler(folder)

    def server() -> SMTP:
        if tls == "none":
            return SMTP(handler, hostname="mail.test")
        return SMTP(
            handler,
            hostname="mail.test",
            enable_SMTPUTF8=True,
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            auth_required=True,
            auth_require_tls=tls == "starttls",
            authenticator=authenticate,
        )

    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0, ssl=context if tls == "implicit" else None)
    print(listening.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how the test learns it
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
