"""``sparekey``: the commands. Each is imported only when it is called, so that ``serve`` starts quickly."""

import sys

from cyclopts import App

from sparekey.domain.errors import BadSettings, StoreUnavailable

app = App(name="sparekey", help="Account security for a site: sign-in, and a safe way back in.")
app.command("sparekey.cli.serve:serve", name="serve")
app.command("sparekey.cli.serve:worker", name="worker")
app.command("sparekey.cli.serve:migrate", name="migrate")
app.command("sparekey.cli.doctor:doctor", name="doctor")
app.command("sparekey.cli.policy:app", name="policy")
app.command("sparekey.cli.outbox:app", name="outbox")
app.command("sparekey.cli.audit:app", name="audit")
app.command("sparekey.cli.why:why", name="why")
app.command("sparekey.cli.keys:app", name="keys")
app.command("sparekey.cli.passwords:app", name="passwords")


def main() -> None:
    """The entry point. What an operator can mend is one line and exit code 2."""
    try:
        app()
    except BadSettings as e:
        print(f"sparekey: {e}", file=sys.stderr)
        sys.exit(2)
    except StoreUnavailable as e:
        print(f"sparekey: the database does not answer: {e}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
