"""The entry point of ``sparekey``. What an operator can mend is one line and exit code 2."""

import gc
import sys
from importlib import import_module

from sparekey.domain.errors import BadSettings, StoreUnavailable


def main() -> None:
    # The commands are read by a library that takes a tenth of a second to import: as much as all that `serve` waits for at its start
    # besides. It has no options, so it goes past it.
    module, name = ("sparekey.cli.serve", "serve") if sys.argv[1:] == ["serve"] else ("sparekey.cli.commands", "app")
    # What is imported stays. Looking through it again and again while it grows takes a tenth of the start, and looking later would
    # make each process copy what it shares with the others.
    gc.disable()
    command = getattr(import_module(module), name)
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


if __name__ == "__main__":
    main()
