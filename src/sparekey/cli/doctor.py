"""``sparekey doctor``: what this installation would run with, and what an operator should look at."""

import os

from rich.console import Console
from rich.table import Table

from sparekey.adapters.crypto.argon2 import SPOKEN, find_argon2
from sparekey.adapters.crypto.hashing_pool import cores_for
from sparekey.bootstrap import database_url, texts
from sparekey.settings import read_settings


def doctor() -> None:
    """Show what this installation would run with."""
    settings = read_settings(os.environ)
    table = Table("what", "is")
    table.add_row("mode", settings.site.mode)
    table.add_row("address", settings.base_url)
    table.add_row("profile", settings.site.profile)
    table.add_row("database", "SQLite" if database_url(settings).startswith("sqlite") else "PostgreSQL")
    table.add_row("data folder", str(settings.data_dir.absolute()))
    table.add_row("Argon2id", SPOKEN[find_argon2()])
    table.add_row("hashing processes", f"{cores_for(settings.server.workers)} for each of {settings.server.workers} server processes")
    table.add_row("mail", "SMTP" if settings.mail.smtp else "the mailbox of development")
    table.add_row("text messages", "the phone of development" if settings.sms.sms == "none" and texts(settings) else settings.sms.sms)
    Console().print(table)
