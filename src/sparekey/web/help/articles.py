"""The articles. One file each, ``<language>/<slug>.md``: a title, the words by which people look for it, and Markdown."""

from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from typing_extensions import override

from sparekey.domain.values import Struct
from sparekey.messages import catalogue

FOLDER: Final = Path(__file__).parent


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds texts that are translated later
    return text


TOPICS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        N_("I can’t get in"),
        (
            *("forgot-password", "no-code", "lost-phone", "new-phone", "changed-number", "old-address"),
            *("waiting-recovery", "after-recovery", "support-case", "frozen", "blocked"),
        ),
    ),
    (
        N_("Somebody else was in my account"),
        ("hacked", "undo-changes", "stop-a-recovery", "dispute", "fake-messages", "what-we-never-ask"),
    ),
    (
        N_("Ways to sign in, and spare keys"),
        (
            *("passkeys", "security-key", "backup-codes", "second-factor-required", "remembered-devices", "qr-sign-in"),
            *("social-accounts", "recovery-contacts", "secret-question"),
        ),
    ),
    (N_("Leaving"), ("close-account", "download-data")),
)
"""Every article, in the order in which the first page lists them."""

SLUGS: Final = tuple(slug for _, slugs in TOPICS for slug in slugs)


class Article(Struct, frozen=True):
    """``about``: its first paragraph, as plain text. ``words``: what people call the problem. ``text``: all of it, as plain text.
    ``html``: safe to be shown as it is."""

    slug: str
    title: str
    about: str
    words: str
    text: str
    html: str


@lru_cache(maxsize=8)
def articles(language: str) -> dict[str, Article]:
    """All articles of a language, by slug; those of the source language where there is no such one."""
    folder = FOLDER / (language if language in catalogue.LANGUAGES else catalogue.SOURCE_LANGUAGE)
    return {slug: read(slug, (folder / f"{slug}.md").read_text("utf-8")) for slug in SLUGS}


def read(slug: str, file: str) -> Article:
    """One file. Raises ``ValueError`` for one that does not begin with title and words."""
    head, _, body = file.partition("\n---\n")
    said = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if said.keys() != {"title", "words"} or not body.strip():
        raise ValueError(f"{slug}: an article begins with title, words and ---")
    from sparekey.web.help.markdown import to_html  # noqa: PLC0415 - 0.02 s of a start, for who asks for help

    html = to_html(body)
    return Article(slug, said["title"], _text_of(html, first=True), said["words"], _text_of(html), html)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"p", "h2", "li"}:
            self.blocks.append("")

    @override
    def handle_data(self, data: str) -> None:
        if self.blocks:
            self.blocks[-1] += data


def _text_of(html: str, *, first: bool = False) -> str:
    reader = _Reader()
    reader.feed(html)
    blocks = [" ".join(block.split()) for block in reader.blocks if block.strip()]
    return blocks[0] if first else "\n".join(blocks)
