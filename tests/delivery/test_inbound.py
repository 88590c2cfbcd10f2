"""A mail that came to us, read: what a person wrote, and nothing else (C3)."""

from contextlib import suppress
from email.message import EmailMessage

import pytest

from sparekey.adapters.mail.inbound import LARGEST, read_mail

TO = "help+k74921qx.abcdefghijklmnop@example.com"


def mail(text: str = "It was a kettle.", *, html: str = "", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Vera <vera@example.net>"
    message["To"] = TO
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    if text:
        message.set_content(text)
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    return message.as_bytes()


@pytest.mark.row("C3")
def test_sender_recipient_and_words() -> None:
    read = read_mail(mail("Добрый день,\n\nэто был чайник. 谢谢\n"))
    assert (read.sender, read.recipients, read.automatic) == ("vera@example.net", (TO,), False)
    assert read.text == "Добрый день,\n\nэто был чайник. 谢谢"


@pytest.mark.parametrize(
    "quote",
    [
        "> What was your last order?\n> -- \n> us",
        "On Mon, 17 May 2030 at 12:00, Support <help@example.com> wrote:\n> What?",
        "17.05.2030 12:00, Support пишет:\n> What?",
        "-----Original Message-----\nFrom: Support\nWhat?",
        "From: Support <help@example.com>\nSent: Monday\nWhat?",
        "-- \nVera Berg\nSales",
    ],
)
@pytest.mark.row("C3")
def test_what_is_answered_and_signatures_are_left_out(quote: str) -> None:
    assert read_mail(mail(f"It was a kettle.\n\n{quote}\n")).text == "It was a kettle."


@pytest.mark.row("C3")
def test_of_html_only_the_words_are_kept() -> None:
    html = "<html><head><style>p{}</style></head><body><p>It was <b>a kettle</b>.<br>Really.</p><script>alert(1)</script>"
    read = read_mail(mail("", html=html + "<blockquote>What?</blockquote></body></html>"))
    assert read.text == "It was a kettle.\nReally."


@pytest.mark.row("C3")
def test_what_cannot_be_seen_or_turns_words_is_left_out() -> None:
    assert read_mail(mail("a\u202eb\u2066c\x07d\ufeff")).text == "abcd"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated (vacation)"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
    ],
)
@pytest.mark.row("C3")
def test_a_machine_is_told_from_a_person(headers: dict[str, str]) -> None:
    assert read_mail(mail(**headers)).automatic
    assert not read_mail(mail(Auto_Submitted="no")).automatic


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"From: a@example.com, b@example.com\n\nhello",
        b"From: =?utf-8?b?////?= <a@b\n\nhello",
        b"Content-Type: text/plain; charset=no-such\nFrom: a@example.com\n\nhello",
        b"Content-Type: multipart/mixed\n\nhello",
        b"From: a@example.com\nContent-Transfer-Encoding: base64\n\n%%%",
        b"A" * (LARGEST + 1),
    ],
)
@pytest.mark.row("C3")
def test_broken_mails_break_nothing(raw: bytes) -> None:
    """Read as far as that goes, or refused."""
    with suppress(ValueError):
        assert read_mail(raw).sender in {"", "a@example.com", "a@b"}
