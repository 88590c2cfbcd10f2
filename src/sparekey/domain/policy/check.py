"""What is wrong with a policy, found by trying it on every small account. A question of the operator: ``sparekey policy check``."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum, unique
from itertools import combinations

from sparekey.domain.accounts import Account, AccountId, Address, AddressKind, has_settled_second_factor, is_settled, nobody
from sparekey.domain.agents import ROLE, VOTES_NEEDED
from sparekey.domain.factors import PHISHING_RESISTANT, THING_OF, Factor, FactorKind, Thing, ThingKind
from sparekey.domain.policy.conditions import fits, see
from sparekey.domain.policy.model import ActionPolicy, Policy, Profile, Route, RunningRecovery, Situation, Then
from sparekey.domain.policy.openings import AGENTS, Opening, openings
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct, replace

NOW = datetime(2030, 1, 1, tzinfo=UTC)
"""Any moment: the small accounts are as old as they are in relation to it."""

LONG_AGO, JUST_NOW = NOW - timedelta(days=365), NOW - timedelta(days=1)


@unique
class Severity(StrEnum):
    ERROR = "error"  # the policy must not be used like this
    WARNING = "warning"  # probably not what was meant
    NOTE = "note"  # a choice that the operator should know of


@unique
class Reason(StrEnum):
    """Stable names; ``cli/policy.py`` has the sentences."""

    DEAD_END = "dead_end"
    REFERRAL_LOOP = "referral_loop"
    CHEAPER_THAN_SIGN_IN = "cheaper_than_sign_in"
    SINGLE_POINT = "single_point"
    NEVER_FITS = "never_fits"
    BREAKS_STANDARD = "breaks_standard"
    TOO_FEW_AGENTS = "too_few_agents"


class Finding(Struct, frozen=True):
    """``route``: empty when the finding is about the whole action. ``params``: what the sentence needs, as (name, value)."""

    severity: Severity
    reason: Reason
    action: str
    route: str = ""
    params: tuple[tuple[str, str], ...] = ()


def check(
    policy: Policy, accounts: Iterable[tuple[str, Account]] | None = None, *, agents: int | None = None, secret_question: bool = False
) -> tuple[Finding, ...]:
    """Everything that is wrong with a policy, or worth knowing, errors first. Takes a few seconds.

    ``accounts``: what it is tried on, each with its description; all small accounts when left out. ``agents``: how many independent
    agents of support the site has (``domain.agents.hands``); ``None`` where that is not known. ``secret_question``: the site has switched
    it on.
    """
    accounts = tuple(small_accounts() if accounts is None else accounts)
    found = (
        *_dead_ends(policy),
        *_loops(policy),
        *_weak_ways(policy, accounts),
        *_unused(policy, accounts),
        *_standards(policy),
        *(_secret_question(policy) if secret_question else ()),
        *_without_agents(policy, accounts, agents),
    )
    return tuple(sorted(found, key=lambda f: (list(Severity).index(f.severity), f.action, f.route)))


# ---------------------------------------------------------------- small accounts


def small_accounts() -> Iterator[tuple[str, Account]]:
    """Every account with a password, a mailbox, and up to three more things, the first two of them settled or young; and those
    without a password and with up to two more things.

    With its description, like ``totp + young sms``.
    """
    for size in range(3):
        for some in combinations(EXTRAS, size):
            for young in range(2**size):
                named = [(kind, bool(young >> n & 1)) for n, kind in enumerate(some)]
                yield _account(named)
    for some in combinations(EXTRAS, 3):
        yield _account([(kind, False) for kind in some])
    for size in range(3):
        for some in combinations(EXTRAS, size):
            yield _account([(kind, False) for kind in some], password=False)


EXTRAS = (
    "second_email",
    "phone",
    "email_as_second",
    "sms",
    "totp",
    "passkey",
    "security_key",
    "phone_approval",
    "backup_code",
    "social",
    "remembered_device",
    "contacts",
)


def _account(extras: Iterable[tuple[str, bool]], *, password: bool = True) -> tuple[str, Account]:
    addresses = [_address(AddressKind.EMAIL, "mailbox", LONG_AGO)]
    enrolled = []
    for name, young in extras:
        since = JUST_NOW if young else LONG_AGO
        match name:
            case "second_email":
                addresses.append(_address(AddressKind.EMAIL, "second mailbox", since))
            case "phone":
                addresses.append(_address(AddressKind.PHONE, "number", since))
            case "email_as_second":
                mailbox = Thing(THING_OF[FactorKind.EMAIL], "mailbox")
                enrolled.append(Factor(name, FactorKind.EMAIL, mailbox, since, second=True))
            case "sms":
                enrolled.append(Factor(name, FactorKind.SMS, Thing(THING_OF[FactorKind.SMS], "number"), since, second=True))
            case _:
                kind = FactorKind(name)
                enrolled.append(Factor(name, kind, Thing(THING_OF[kind], name), since))
    account = replace(
        nobody(),
        account_id=AccountId("1" * 32),
        created_at=LONG_AGO,
        password_hash="set" if password else "",
        password_set_at=LONG_AGO,
        addresses=tuple(addresses),
        enrolled=tuple(enrolled),
    )
    only = "password and mailbox only" if password else "mailbox only"
    described = " + ".join(f"young {name}" if young else name for name, young in extras) or only
    return described if password else f"{described}, no password", account


def _address(kind: AddressKind, name: str, since: datetime) -> Address:
    return Address(name, kind, name, name, since, main=name != "second mailbox")


# ---------------------------------------------------------------- ways that end nowhere


def _dead_ends(policy: Policy) -> Iterator[Finding]:
    """Whoever cannot open an account must come, action by action, to one that leads to people."""
    for action, rules in policy.actions.items():
        if not rules.offered or not (rules.opens_account or rules.or_else):
            continue
        passed = _led_through(policy, action)
        if any(FactorKind.SUPPORT_APPROVAL in r.kinds or r.then is Then.REFER for a in passed for r in policy.actions[a].routes):
            continue
        if rules.opens_account:
            yield Finding(Severity.ERROR, Reason.DEAD_END, action, params=(("way", " → ".join(passed)),))


def _led_through(policy: Policy, action: str) -> tuple[str, ...]:
    passed = [action]
    while (on := policy.actions[passed[-1]].or_else) and on not in passed:
        passed.append(on)
    return tuple(passed)


def _loops(policy: Policy) -> Iterator[Finding]:
    """A case that ends in the same referral goes round for ever: approval must open a stronger route."""
    for action, rules in policy.actions.items():
        last = _led_through(policy, action)[-1]
        if policy.actions[last].or_else:
            yield Finding(
                Severity.ERROR, Reason.REFERRAL_LOOP, action, params=(("way", " → ".join((*_led_through(policy, action), last))),)
            )
        for route in rules.routes:
            if route.then is Then.REFER and not any(_is_way_on(other, route) for other in rules.routes):
                yield Finding(Severity.ERROR, Reason.REFERRAL_LOOP, action, route.name)


def _is_way_on(other: Route, referring: Route) -> bool:
    """Whether the approval of support, beside what the referring route asks for, is enough for the other one."""
    if other.then is Then.REFER or FactorKind.SUPPORT_APPROVAL not in other.all_of:
        return False
    needs = set(other.needs) - {"all_of"}
    same = all(word in referring.needs and getattr(other, word) == getattr(referring, word) for word in needs)
    return same and set(other.all_of) - {FactorKind.SUPPORT_APPROVAL} <= set(referring.all_of)


# ---------------------------------------------------------------- ways that are too cheap


def _weak_ways(policy: Policy, accounts: Iterable[tuple[str, Account]]) -> Iterator[Finding]:
    told: set[tuple[Reason, str, str]] = set()
    for described, account in accounts:
        for known_device in (False, True):
            for finding in weak_ways(policy, Situation(account, (), NOW, known_device=known_device)):
                key = (finding.reason, finding.action, finding.route)
                if key not in told:
                    told.add(key)
                    yield replace(finding, params=(*finding.params, ("account", described)))


def weak_ways(policy: Policy, situation: Situation) -> Iterator[Finding]:
    """The ways into one account that ask for too little, agents aside: one thing where there is a settled second factor, or less
    than the sign-in that they replace (mission.md, R15).

    Not less means: as many different things (a wait counts those who hear of it), and as many safe against phishing or a wait
    that is heard of. Young things raise nothing, so the sign-in is that of the account without them.
    """
    with_second = has_settled_second_factor(situation.account, situation.now)
    ways = tuple(_ways_in(policy, situation))
    settled = _settled_part(situation)
    sign_in = [o for o in ways if o.action == "sign_in"] if settled == situation else openings(policy, "sign_in", settled)
    things = min((len(o.things) for o in sign_in), default=2 if with_second else 1)
    resistant = min((len(o.kinds & PHISHING_RESISTANT) for o in sign_in), default=0)
    for o in ways:
        shown = (("shown", ", ".join(sorted(o.kinds))),)
        if with_second and len(o.to_a_thief) < 2:
            yield Finding(Severity.ERROR, Reason.SINGLE_POINT, o.action, o.route, shown)
        enough = len(o.to_a_thief) >= things and (len(o.kinds & PHISHING_RESISTANT) >= resistant or bool(o.heard_by))
        if o.action != "sign_in" and not enough:
            yield Finding(Severity.ERROR, Reason.CHEAPER_THAN_SIGN_IN, o.action, o.route, shown)


def _ways_in(policy: Policy, situation: Situation) -> Iterator[Opening]:
    for action, rules in policy.actions.items():
        if rules.opens_account:
            yield from openings(policy, action, situation, agents=False)


def _settled_part(situation: Situation) -> Situation:
    a = situation.account
    addresses = tuple(x for x in a.addresses if is_settled(x, a.contested_at, situation.now))
    enrolled = tuple(x for x in a.enrolled if is_settled(x, a.contested_at, situation.now))
    return replace(situation, account=replace(a, addresses=addresses, enrolled=enrolled))


# ---------------------------------------------------------------- people without whom nobody can approve a case


def _without_agents(policy: Policy, accounts: Iterable[tuple[str, Account]], agents: int | None) -> Iterator[Finding]:
    """With fewer than two agents no case is approved (mission.md, C6): whom one lost thing then leaves outside for good."""
    if agents is None or agents >= VOTES_NEEDED:
        return
    left = [f"{described} without {' or '.join(lost)}" for described, account in accounts if (lost := needed_alone(policy, account))]
    yield Finding(Severity.WARNING, Reason.TOO_FEW_AGENTS, "bind_after_case", params=(("agents", str(agents)), ("left", "; ".join(left))))


def needed_alone(policy: Policy, account: Account) -> tuple[str, ...]:
    """The kinds of thing, each of which is in every way into an account that has at most one thing beside password and mailbox and needs
    no agent: who loses it stays outside."""
    if len(account.enrolled) + len(account.addresses) > MOST_TOLD or any(f.added_at == JUST_NOW for f in account.factors()):
        return ()
    ways = tuple(_ways_in(policy, Situation(account, (), NOW)))
    held = {f.thing for f in account.factors()}
    return tuple(sorted(t.kind.value for t in held if all(t in o.things for o in ways)))


MOST_TOLD = 2
"""Addresses and enrolled factors of the accounts that are told of one by one: the rest says nothing new."""


# ---------------------------------------------------------------- routes that nobody can meet


def _unused(policy: Policy, accounts: Iterable[tuple[str, Account]]) -> Iterator[Finding]:
    left = {(a, r.name): (r, rules) for a, rules in policy.actions.items() if rules.offered for r in rules.routes}
    for _, account in accounts:
        for situation in _generous(account):
            if not left:
                return
            seen = see(policy, situation)
            left = {key: (r, rules) for key, (r, rules) in left.items() if not fits(r, rules, seen)}
    for action, route in left:
        yield Finding(Severity.WARNING, Reason.NEVER_FITS, action, route)


def _generous(account: Account) -> Iterator[Situation]:
    """The account with one or two things shown and enrolled, or all, and nothing in the way."""
    others = (FactorKind.SUPPORT_APPROVAL, FactorKind.PAYMENT_PIN, FactorKind.SECRET_QUESTION)
    beside = tuple(
        Factor(kind, kind, AGENTS if kind is FactorKind.SUPPORT_APPROVAL else Thing(THING_OF[kind], kind), LONG_AGO) for kind in others
    )
    account = replace(account, enrolled=(*account.enrolled, *beside))
    factors = account.factors()
    recovery = RunningRecovery(NOW, 0)
    for some in (*((f,) for f in factors), *combinations(factors, 2), factors):
        enrolling = tuple(Proof(f.kind, "new", f.thing, NOW, enrolling=True) for f in some)
        proofs = (*(Proof(f.kind, f.factor_id, f.thing, NOW) for f in some), *enrolling)
        yield Situation(account, proofs, NOW, session_proofs=proofs, known_device=True, recovery=recovery)
    everything = tuple(Proof(f.kind, f.factor_id, f.thing, NOW) for f in factors)
    yield Situation(replace(account, role=ROLE), everything, NOW, session_proofs=everything, known_device=True)
    yield Situation(account, everything, NOW, session_proofs=everything, known_device=True, given_up=Thing(ThingKind.MAILBOX, "left"))
    locked = replace(account, frozen_at=NOW)
    for f in factors:
        yield Situation(locked, (Proof(f.kind, f.factor_id, f.thing, NOW),), NOW, nothing_more=True)
    yield Situation(account, (), NOW, signed_in=True, nothing_more=True)


# ---------------------------------------------------------------- standards

SIGN_IN_KINDS = {
    FactorKind.EMAIL: "NIST SP 800-63B-4, 3.1.3.1; OWASP ASVS 5.0, 6.3.6",
    FactorKind.SMS: "NIST SP 800-63B-4, 3.2.9 (restricted)",
    FactorKind.REMEMBERED_DEVICE: "NIST SP 800-63B-4, 2.2.1 (two factors at every sign-in)",
}
"""Kinds that a standard does not want at sign-in, or wants an explanation for."""

SECRET_QUESTION = "NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0, 6.4.2"
WITNESSED_WAIT = "NIST SP 800-63B-4, 4.2.1 (a method of our own: docs/decisions/0002-witnessed-wait.md)"
QR_SIGN_IN = "NIST SP 800-63B-4, 3.2.5 (not resistant to phishing)"
SESSION = "NIST SP 800-63B-4, 2.2.3 (at AAL2 a session ends after 24 hours, or one hour without use)"
LONGEST_AT_AAL2, IDLE_AT_AAL2 = timedelta(hours=24), timedelta(hours=1)


def _standards(policy: Policy) -> Iterator[Finding]:
    severity = Severity.ERROR if policy.profile is Profile.STRICT else Severity.NOTE
    for action, rules in policy.actions.items():
        for route in rules.routes if rules.offered else ():
            for kind, standard in _broken_by(action, rules, route):
                yield Finding(severity, Reason.BREAKS_STANDARD, action, route.name, (("word", kind), ("standard", standard)))
    lasts, idle = policy.sessions.lasts, policy.sessions.idle
    if lasts > LONGEST_AT_AAL2 or (idle or lasts) > IDLE_AT_AAL2:
        yield Finding(severity, Reason.BREAKS_STANDARD, "sessions", params=(("word", "length"), ("standard", SESSION)))


def _secret_question(policy: Policy) -> Iterator[Finding]:
    """The site has switched it on: even as a mere statement in a support case it is what these standards do not want."""
    severity = Severity.ERROR if policy.profile is Profile.STRICT else Severity.NOTE
    params = (("word", FactorKind.SECRET_QUESTION.value), ("standard", SECRET_QUESTION))
    yield Finding(severity, Reason.BREAKS_STANDARD, "set_secret_answer", params=params)


def _broken_by(action: str, rules: ActionPolicy, route: Route) -> Iterator[tuple[str, str]]:
    if action == "sign_in":
        yield from ((kind, SIGN_IN_KINDS[kind]) for kind in route.kinds if kind in SIGN_IN_KINDS)
    if action == "approve_sign_in":
        yield action, QR_SIGN_IN
    if FactorKind.SECRET_QUESTION in route.kinds or (route.things and FactorKind.SECRET_QUESTION in rules.ask):
        yield FactorKind.SECRET_QUESTION, SECRET_QUESTION
    if rules.opens_account and route.then is Then.WAIT and FactorKind.SUPPORT_APPROVAL not in route.all_of:
        yield "wait", WITNESSED_WAIT
