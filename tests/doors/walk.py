"""The walk in docs/api.md: what is sent and answered, step by step. ``python -m tests.doors.walk`` puts it onto the page."""

import asyncio
import re
from json import dumps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sparekey.adapters.sql import migrate
from tests.doors.api import Api, Letter, read, served

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
BEGIN, END = "<!-- transcript -->\n", "<!-- end -->"

BY_CHANCE = {"flow_id", "flow_token", "token", "device_token", "account_id", "session_id", "expires_at", "resend_at", "next_flow"}

NEW_PASSWORD = "the heron stands on one leg"


def walk_on(page: str) -> str:
    return page.partition(BEGIN)[2].partition(END)[0]


async def walk(api: Api) -> str:
    """The transcript. Only what the page shows is sent: no helper stands between."""
    written: list[str] = []

    async def send(words: str, method: str, path: str, json: object = None, **headers: str) -> dict[str, Any]:
        answered = await api.http.request(
            method, path, json=json, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = read(answered)
        shown_path = re.sub(r"[0-9a-f]{32}", "{flow_id}", path)
        lines = [f"{method} {shown_path}", *(f"{name.replace('_', '-')}: {_mask_token(value)}" for name, value in headers.items())]
        lines += ["", dumps(json, ensure_ascii=False)] if json is not None else []
        lines += ["", f"{answer.status}", dumps(_shown(answer.said), ensure_ascii=False, indent=2)]
        written.append(f"{words}\n\n```http\n" + "\n".join(lines) + "\n```\n")
        said: dict[str, Any] = answer.said
        return said

    def code(letter: Letter) -> dict[str, object]:
        return {"answer": {"challenge": "email", "code": letter.code}}

    anna = {"action": "sign_up", "email": "anna@example.com", "name": "Anna", "password": "correct horse battery staple"}
    flow = await send("Anna signs up. A code goes to her mailbox.", "POST", "/api/v1/flows", {"flow": anna})
    letter = await api.newest("anna@example.com")
    done = await send(
        "She types the code. The account exists from now on, and this is its first session.",
        "POST",
        f"/api/v1/flows/{flow['flow_id']}/answer",
        code(letter),
        Flow_Token=flow["flow_token"],
    )
    await send("Who is signed in?", "GET", "/api/v1/session", Authorization=f"Bearer {done['session']['token']}")
    await send(
        "Later she does not remember the password.",
        "POST",
        "/api/v1/flows",
        {"flow": {"action": "sign_in", "identifier": "anna@example.com", "password": "correct horse battery stable"}},
    )
    flow = await send("So she recovers.", "POST", "/api/v1/flows", {"flow": {"action": "recover", "identifier": "anna@example.com"}})
    own, token = f"/api/v1/flows/{flow['flow_id']}", flow["flow_token"]
    letter = await api.newest("anna@example.com")
    await send("The code proves her mailbox.", "POST", f"{own}/answer", code(letter), Flow_Token=token)
    done = await send(
        "She chooses a new password. All sessions end, every address is told, and a sign-in stands ready: `next_flow`, "
        "driven by the same token.",
        "POST",
        f"{own}/finish",
        {"password": NEW_PASSWORD},
        Flow_Token=token,
    )
    await send(
        "She signs in with it.",
        "POST",
        f"/api/v1/flows/{done['next_flow']}/answer",
        {"answer": {"challenge": "password", "password": NEW_PASSWORD}},
        Flow_Token=token,
    )
    text = "\n".join(written)
    return re.sub(r'("code": )"[^"]*"', r'\1"…"', text)


def _mask_token(value: str) -> str:
    return "Bearer …" if value.startswith("Bearer") else "…"


def _shown(said: object) -> object:
    """Without what is invented anew each time, and without what is empty."""
    if not isinstance(said, dict):
        return said
    shown = {k: _shown(v) for k, v in said.items() if v not in ("", None, [], False)}
    return {k: "…" if k in BY_CHANCE else v for k, v in shown.items() if k != "signed_in_at"}


def main() -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "migrated.db"
        migrate.upgrade(f"sqlite:///{file}")
        asyncio.run(_write(Path(folder), file))


async def _write(folder: Path, migrated_sqlite: Path) -> None:
    async with served("", folder / "data", migrated_sqlite) as api:
        page = PAGE.read_text()
        PAGE.write_text(page.replace(f"{BEGIN}{walk_on(page)}{END}", f"{BEGIN}{await walk(api)}{END}"))


if __name__ == "__main__":
    main()
