"""``sparekey keys``: what an operator does with the key ring. No secret is ever printed."""

import os

from cyclopts import App
from rich.console import Console
from rich.table import Table

from sparekey.adapters.clock import SystemClock
from sparekey.adapters.crypto.keys import keys_path, open_key_ring, rotate_keys_file
from sparekey.domain.errors import BadSettings
from sparekey.settings import read_settings

app = App(name="keys", help="The keys that seal, hash and pepper what is in the database.")


@app.command
def rotate() -> None:
    """Make a new key and use it from now on; the old ones still open what they sealed. Servers may go on running."""
    storage = read_settings(os.environ).storage
    if storage.keys:
        raise BadSettings("the keys come from SPAREKEY_KEYS: put a new one first in that list and restart (see docs/keys.md)")
    path = keys_path(storage)
    print("waiting until running servers know the new key …")
    key = rotate_keys_file(path, SystemClock().now())
    print(f"key {key.id} is now the current one in {path}")


@app.command(name="list")
def list_keys() -> None:
    """Show the id and the day of each key, the current one first."""
    ring = open_key_ring(read_settings(os.environ).storage, SystemClock().now(), may_create=False)
    table = Table("key", "made", "")
    for place, key in enumerate(ring.all()):
        table.add_row(key.id, f"{key.created_at:%Y-%m-%d %H:%M} UTC", "" if place else "current")
    Console().print(table)
