"""Every word for people is in every catalogue, with the same placeholders, and no catalogue keeps what nobody says.

English is the source: the sentence itself is the key. ``make texts`` brings the catalogues up to date; a translator fills in
what is empty.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from sparekey.messages.catalogue import LANGUAGES, LOCALE, SOURCE_LANGUAGE

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "sparekey"
TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|</?[a-z]+\b|&\w+;")
"""What a translator must leave alone: names to be filled in, and markup."""

Key = tuple[str | None, str]


def said(source: Path = SOURCE) -> dict[Key, Message]:
    """Every message in the code and templates, by context and (singular) sentence."""
    with (ROOT / "babel.cfg").open() as f:
        methods, options = parse_mapping_cfg(f)
    catalogue = Catalog()
    for file, line, text, _, context in extract_from_dir(source, methods, options):
        catalogue.add(text, context=context, locations=[(file, line)])
    return messages_of(catalogue)


def translated(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "sparekey.po").open("rb") as f:
        return read_po(f, locale=language, domain="sparekey")


def messages_of(catalogue: Catalog) -> dict[Key, Message]:
    return {(m.context, forms(m.id)[0]): m for m in catalogue if m.id}


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def complaints(source: dict[Key, Message], catalogue: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue, a line each."""
    known = messages_of(catalogue)
    for key in source.keys() - known.keys():
        yield f"missing: {key[1]!r}, said in {source[key].locations[0][0]}"
    for key in known.keys() - source.keys():
        yield f"nobody says: {key[1]!r}"
    for message in catalogue.obsolete.values():
        yield f"obsolete: {message.id!r}"
    for key in known.keys() & source.keys():
        yield from complaints_of_one(known[key], source[key], catalogue.num_plurals)


def complaints_of_one(message: Message, source: Message, plurals: int) -> Iterator[str]:
    if message.fuzzy:
        yield f"fuzzy: {message.id!r}"
    wanted, found = forms(source.id), forms(message.string)
    if not all(found):
        yield f"not translated: {message.id!r}"
        return
    if len(found) != (plurals if len(wanted) > 1 else 1):
        yield f"{len(found)} forms, not {plurals}: {message.id!r}"
    # Every form is held to the source's plural: where English may say "one day", Russian's first form is for 21 too.
    if any(sorted(PLACEHOLDER.findall(form)) != sorted(PLACEHOLDER.findall(wanted[-1])) for form in found):
        yield f"other placeholders: {message.id!r} → {message.string!r}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_said_in(language: str) -> None:
    assert sorted(complaints(said(), translated(language))) == []


@pytest.mark.parametrize(
    ("po", "complaint"),
    [
        ("", "missing"),
        ('msgid "Hello %(name)s"\nmsgstr ""\n', "not translated"),
        ('#, fuzzy\nmsgid "Hello %(name)s"\nmsgstr "Привет, %(name)s"\n', "fuzzy"),
        ('msgid "Hello %(name)s"\nmsgstr "Привет, %(nmae)s"\n', "other placeholders"),
        ('msgid "Hello %(name)s"\nmsgstr "Привет"\n', "other placeholders"),
        ('msgid "Hello %(name)s"\nmsgid_plural "Hello %(name)s"\nmsgstr[0] "Привет, %(name)s"\nmsgstr[1] "Привет"\n', "not translated"),
        ('msgid "Hello %(name)s"\nmsgstr "Привет, %(name)s"\n\nmsgid "Bye"\nmsgstr "Пока"\n', "nobody says"),
        ('msgid "Hello %(name)s"\nmsgstr "Привет, %(name)s"\n\n#~ msgid "Bye"\n#~ msgstr "Пока"\n', "obsolete"),
        ('msgid "Hello %(name)s"\nmsgstr "Привет, %(name)s"\n', ""),
    ],
)
def test_a_bad_catalogue_is_found(po: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<p>{{ _("Hello %(name)s", name=name) }}</p>')
    (tmp_path / "sparekey.po").write_text(po)
    with (tmp_path / "sparekey.po").open("rb") as f:
        found = list(complaints(said(tmp_path), read_po(f, locale="ru")))
    assert [line.split(":")[0] for line in found] == ([complaint] if complaint else [])
