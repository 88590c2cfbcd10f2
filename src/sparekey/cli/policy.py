"""``sparekey policy``: what the policy asks for, in tables that need no programmer, and what is wrong with it."""

import asyncio
import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Column, Table

from sparekey.bootstrap import open_services, policy_of
from sparekey.domain.agents import hands
from sparekey.domain.errors import BadSettings
from sparekey.domain.policy.check import Finding, Reason, Severity, check
from sparekey.domain.policy.conditions import rules_of
from sparekey.domain.policy.model import ActionPolicy, Policy, Route, Then
from sparekey.settings import read_settings

app = App(name="policy", help="What each action asks for, and whether that holds together.")

ProfileName = Annotated[Literal["shop", "strict"] | None, Parameter(help="Instead of SPAREKEY_PROFILE.")]
PolicyDir = Annotated[str | None, Parameter(help="A folder of own policy files, instead of SPAREKEY_POLICY_DIR.")]

ActionName = Annotated[str, Parameter(help="Its name, like recover; without it all actions are listed.")]


@app.command(name="check")
def check_policy(*, profile: ProfileName = None, policy_dir: PolicyDir = None) -> None:
    """Try the policy on every small account and say what is wrong with it. Ends with 1 when something must be mended."""
    policy = _policy(profile, policy_dir)
    on = read_settings(os.environ).site.secret_question == "on"
    findings = check(policy, agents=asyncio.run(_agents()), secret_question=on)
    table = Table("", _name("action"), _name("route"), Column("what", overflow="fold"), title=f"The policy, profile {policy.profile.value}")
    for f in findings:
        table.add_row(f"[{COLOURS[f.severity]}]{f.severity.value}[/]", f.action, f.route, sentence(f))
    errors = sum(f.severity is Severity.ERROR for f in findings)
    console = Console()
    console.print(table if findings else "Nothing to say: the policy holds together.")
    if errors:
        console.print(f"[red]{errors} to mend before this policy is used.[/]")
        raise SystemExit(1)


async def _agents() -> int | None:
    """How many agents of support are independent of each other; ``None`` where there is no database to ask."""
    try:
        async with open_services(read_settings(os.environ)) as services, services.store.transaction() as tx:
            return len(hands(await tx.agents.all(), services.clock.now()))
    except BadSettings:
        return None


@app.command
def show(action: ActionName = "", *, profile: ProfileName = None, policy_dir: PolicyDir = None) -> None:
    """Show what an action asks for, or list all actions."""
    policy = _policy(profile, policy_dir)
    Console().print(_action_table(rules_of(policy, action), policy) if action else _list_of(policy))


def _policy(profile: Literal["shop", "strict"] | None, policy_dir: str | None) -> Policy:
    settings = read_settings(os.environ)
    site = msgspec.structs.replace(
        settings.site,
        profile=settings.site.profile if profile is None else profile,
        policy_dir=settings.site.policy_dir if policy_dir is None else policy_dir,
    )
    return policy_of(msgspec.structs.replace(settings, site=site))


def _list_of(policy: Policy) -> Table:
    lasts, idle = policy.sessions.lasts, policy.sessions.idle
    unused = f", or {idle // timedelta(minutes=1)} minutes without use" if idle else ""
    table = Table(
        _name("action"),
        "what it is",
        "ways",
        "withheld while",
        title=f"The policy, profile {policy.profile.value}",
        caption=f"A session ends after {_span(lasts)}{unused}.",
    )
    for action, rules in policy.actions.items():
        ways = str(len(rules.routes)) if rules.offered else "not offered"
        table.add_row(action, rules.about, ways, ", ".join(sorted(rules.closed_while)))
    return table


def _action_table(rules: ActionPolicy, policy: Policy) -> Table:
    asked = f"Asked first: {words(rules.ask, 'or')}." if rules.offered and rules.ask else ""
    led = f" Who has nothing that fits is led to: {rules.or_else}." if rules.or_else else ""
    withheld = f" Withheld while the account is {words(sorted(rules.closed_while), 'or')}." if rules.closed_while else ""
    table = Table(
        _name("route"),
        "asks for",
        "then",
        "why",
        title=f"{rules.about} ({rules.action}, profile {policy.profile.value})",
        caption=asked + led + withheld,
        show_lines=True,
    )
    for route in sorted(rules.routes, key=lambda r: (list(Then).index(r.then), r.wait)) if rules.offered else ():
        held = f"\nthen quarantine for {_span(route.quarantine)}" if route.quarantine else ""
        table.add_row(route.name, "\n".join(f"· {need}" for need in needs_of(route)), outcome(route) + held, route.why)
    return table


def _name(header: str) -> Column:
    """A column of names: never cut short or broken, so that they can be looked for in the files."""
    return Column(header, no_wrap=True, overflow="fold")


# ---------------------------------------------------------------- words

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}

SENTENCES: dict[Reason, str] = {
    Reason.DEAD_END: "a person without any proof is left standing here; no way leads on to people ({way})",
    Reason.REFERRAL_LOOP: "this leads round in a circle {way}: the approval of support opens no route here",
    Reason.CHEAPER_THAN_SIGN_IN: "asks for less than the sign-in it replaces: {shown} is enough for an account with {account}",
    Reason.SINGLE_POINT: "one stolen thing is enough: {shown} opens an account with {account}",
    Reason.NEVER_FITS: "no account can ever meet this route",
    Reason.BREAKS_STANDARD: "{word}: {standard}",
    Reason.TOO_FEW_AGENTS: "{agents} independent agents whose role counts, and it takes two to approve a case: whoever has nothing left to "
    "show stays outside for good, and so do accounts with {left}",
}

PHRASES: dict[str, str | Callable[[Route], str]] = {
    "signed_in": "signed in",
    "fresh_minutes": lambda r: f"proofs of the session count for {r.fresh_minutes} minutes",
    "settled": "only settled things count",
    "often_lost_together": lambda r: "also things often lost together" if r.often_lost_together == "count_each" else "",
    "agent": "the account is an agent's",
    "second_factor": lambda r: f"the account has {'a' if r.second_factor else 'no'} second factor",
    "settled_second_factor": lambda r: f"the account has {'a' if r.settled_second_factor else 'no'} settled second factor",
    "breached_password": lambda r: "a breached password only on known devices" if r.breached_password == "on_known_devices" else "",
    "all_of": lambda r: words(r.all_of, "and"),
    "any_of": lambda r: "one of " + words(r.any_of, "or"),
    "second": lambda r: "as second factor one of " + words(r.second, "or"),
    "in_this_flow": lambda r: "shown for this very action: " + words(r.in_this_flow, "or"),
    "enrols": lambda r: "proven while it is added: " + words(r.enrols, "or"),
    "things": lambda r: f"{r.things} different things held" if r.things > 1 else "any one thing held",
    "as_strong_as": lambda r: f"as much as {r.as_strong_as} asks for",
    "as_strong_as_removed": "as strong as the factor that goes",
    "a_second_factor_if_keys": "if the account has a passkey or security key: that, or another of its second factors",
    "outweighs_recovery": "a full sign-in since the recovery began, with no fewer settled things than it showed",
    "witness": "a settled address that was not shown hears of it",
    "witness_elsewhere": "not all of it from one device in hand",
    "no_witness": "nobody else could hear of it",
    "nothing_left": "the person has nothing more to show",
    "contested": lambda r: (
        f"the account is {'locked, or reached' if r.contested else 'neither locked nor reached'} by an address that has left it"
    ),
    "weighs_anew": "something not shown before against the recoveries that wait",
    "given_up": lambda r: f"the address is {'not the owner’s any more' if r.given_up else 'still the owner’s'}",
}
"""What each word of ``domain/policy/conditions.py`` asks for, for people. Empty: nothing beyond the ordinary."""


def needs_of(route: Route) -> list[str]:
    """What a route asks for, a line each."""
    phrases = (PHRASES[word] for word in route.needs)
    said = (phrase if isinstance(phrase, str) else phrase(route) for phrase in phrases)
    return [line for line in said if line] or ["nothing"]


def outcome(route: Route) -> str:
    match route.then:
        case Then.ALLOW:
            return "at once"
        case Then.WAIT:
            return f"after {_span(route.wait)}"
        case Then.REFER:
            return "a support case"


def sentence(finding: Finding) -> str:
    """One line for the operator."""
    params = {"way": "", **dict(finding.params)}
    return " ".join(SENTENCES[finding.reason].format(**params).replace(" :", ":").split())


def words(names: Iterable[str], joined_by: str) -> str:
    """``a, b or c``, with blanks in place of underscores."""
    *first, last = [str(n).replace("_", " ") for n in names]
    return f"{', '.join(first)} {joined_by} {last}" if first else last


def _span(wait: timedelta) -> str:
    hours = int(wait.total_seconds()) // 3600
    return f"{hours} hours" if hours <= 72 or hours % 24 else f"{hours // 24} days"
