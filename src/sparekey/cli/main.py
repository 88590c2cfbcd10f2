"""The entry point of ``sparekey``. What an operator can mend is one line and exit code 2."""

import sys
from importlib import import_module

from sparekey.domain.errors import BadSettings, StoreUnavailable


def main() -> None:
    # The commands are read by a library that takes a tenth of a second to import: as much as all that `serve` waits for at its start
    # besides. It has no options, so it goes past it.
    module, name = ("sparekey.cli.serve", "serve") if sys.argv[1:] == ["serve"] else ("sparekey.cli.commands", "app")
    try:
        getattr(import_module(module), name)()
    except BadSettings as e:
        print(f"sparekey: {e}", file=sys.stderr)
        sys.exit(2)
    except StoreUnavailable as e:
        print(f"sparekey: the database does not answer: {e}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
