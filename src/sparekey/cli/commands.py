"""Every command of ``sparekey``. Each is imported only when it is called."""

from cyclopts import App

app = App(name="sparekey", help="Account security for a site: sign-in, and a safe way back in.")
app.command("sparekey.cli.serve:serve", name="serve")
app.command("sparekey.cli.serve:worker", name="worker")
app.command("sparekey.cli.serve:migrate", name="migrate")
app.command("sparekey.cli.doctor:doctor", name="doctor")
app.command("sparekey.cli.policy:app", name="policy")
app.command("sparekey.cli.accounts:app", name="accounts")
app.command("sparekey.cli.agents:app", name="agents")
app.command("sparekey.cli.receive_mail:receive_mail", name="receive-mail")
app.command("sparekey.cli.outbox:app", name="outbox")
app.command("sparekey.cli.audit:app", name="audit")
app.command("sparekey.cli.why:why", name="why")
app.command("sparekey.cli.keys:app", name="keys")
app.command("sparekey.cli.passwords:app", name="passwords")
