"""Reads one job a line on standard input, and answers one line (``tests/attacks/crash/__init__.py``)."""

import json
import sys
from datetime import timedelta

from sparekey.bootstrap import configure_log, dev_mailbox
from sparekey.domain.messages import MessageKind
from sparekey.messages.render import render
from sparekey.worker.deliver import LEASE
from tests.attacks.crash.killer import hook_into_databases, hook_into_files
from tests.attacks.crash.planted import LOST_NOTICE, plant_lost_notice
from tests.attacks.crash.servers import built, do
from tests.messages.samples import message


def main() -> None:
    configure_log()
    if sys.argv[1:] == [LOST_NOTICE]:
        plant_lost_notice()
    hook_into_databases()
    hook_into_files()
    first, late = built(timedelta()), built(LEASE + timedelta(seconds=1))
    for kind in MessageKind:
        render(message(kind), first.settings.site.name, first.settings.base_url)  # compiled once, not in each fork
    for line in sys.stdin:
        dev_mailbox(first.settings, first.clock).clear()
        print(json.dumps(do(first, late, json.loads(line))), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
