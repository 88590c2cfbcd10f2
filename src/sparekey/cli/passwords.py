"""``sparekey passwords``: make one, and make the filter file of breached ones."""

from importlib.resources import files
from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from sparekey.adapters.breached import WIDTH, counted, hashes_of_dump, hashes_of_passwords, write_filter
from sparekey.adapters.chance import SystemChance
from sparekey.domain import generator
from sparekey.domain.errors import BadSettings

app = App(name="passwords", help="Make passwords, and lists of those that must not be used.")


@app.command
def generate(
    *,
    length: int = 20,
    words: int = 0,
    lower: bool = True,
    upper: bool = True,
    digits: bool = True,
    symbols: bool = True,
) -> None:
    """Print a password of random characters or, with --words, of random words.

    Parameters
    ----------
    length
        How many characters.
    words
        How many words instead of characters; six carry 77 bits.
    lower, upper, digits, symbols
        Whether there are letters, digits and symbols; --no-symbols and so on leave them out.
    """
    below = SystemChance().below
    try:
        if words:
            print(generator.words(below, word_list(), words))
        else:
            print(generator.characters(below, length, lower=lower, upper=upper, digits=digits, symbols=symbols))
    except ValueError as e:
        raise BadSettings(str(e)) from None


@app.command
def build_filter(source: Path, target: Path, *, plain: bool = False) -> None:
    """Make the file that SPAREKEY_BREACHED_FILE names, from a downloaded list of breached passwords.

    Parameters
    ----------
    source
        Lines of HASH:COUNT (SHA-1), ordered by hash, as Have I Been Pwned offers them.
    target
        The filter file to write; eight bytes for each password.
    plain
        The source has one password a line instead, in any order.
    """
    try:
        columns = (TextColumn("[progress.description]{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with source.open("rb") as file, Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("reading", total=source.stat().st_size)
            lines = counted(file, lambda size: progress.advance(task, size))
            count = write_filter(hashes_of_passwords(lines) if plain else hashes_of_dump(lines), target, WIDTH)
    except OSError as e:
        raise BadSettings(f"{e.filename}: {e.strerror}") from None
    except ValueError as e:
        raise BadSettings(f"{source}: {e}") from None
    print(f"{count:,} passwords in {target}; set SPAREKEY_BREACHED_FILE={target} and restart")


def word_list() -> list[str]:
    """The words that the generator of the pages uses too."""
    return (files("sparekey") / "web" / "static" / "words.txt").read_text("utf-8").split()
