"""The entry point of ``sparekey``. What an operator can mend is one line and exit code 2."""

import gc
import sys
from importlib import import_module

from sparekey.domain.errors import BadSettings, StoreUnavailable


def main() -> None:
    # The commands are read by a library that takes a tenth of a second to import: as much as all that `serve` waits for at its start
    # besides. It has no options, so it goes past it.
    if sys.argv[1:] == ["serve"]:
        module, name = "sparekey.cli.serve", "serve"
        _without_rich("structlog")
    else:
        module, name = "sparekey.cli.commands", "app"
    # What is imported stays. Looking through it again and again while it grows takes a tenth of the start, and looking later would
    # make each process copy what it shares with the others.
    gc.disable()
    command = getattr(import_module(module), name)
    if sys.argv[1:] in ([], ["-h"], ["--help"]):
        for name in command:
            _ = command[name]  # imports it: the list has a line for each, which is its own
    gc.freeze()
    gc.enable()
    try:
        command()
    except BadSettings as e:
        print(f"sparekey: {e}", file=sys.stderr)
        sys.exit(2)
    except StoreUnavailable as e:
        print(f"sparekey: the database does not answer: {e}", file=sys.stderr)
        sys.exit(2)


def _without_rich(module: str) -> None:
    """Import a module that would draw with rich what the server never draws: its log is lines of JSON. That takes 0.04 s."""
    # None refuses the import (The Python Language Reference, 5.3.1).
    sys.modules["rich"] = None  # type: ignore[assignment]
    import_module(module)
    del sys.modules["rich"]


if __name__ == "__main__":
    main()
