"""``sparekey why FLOW``: what happened to a flow, in words. Nothing secret, and of personal fields only a masked address."""

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from sparekey.bootstrap import open_services
from sparekey.domain.audit import Event
from sparekey.domain.flow.flow import FLOW_LASTS, WAIT_KEPT, Flow, judge
from sparekey.domain.flow.state import OPEN, State
from sparekey.domain.flow.waiting import Waiting
from sparekey.domain.masks import masked
from sparekey.domain.policy.model import Policy, Situation
from sparekey.domain.policy.verdict import Ask, Delay, Deny, Refer
from sparekey.messages.reasons import SENTENCES
from sparekey.settings import read_settings
from sparekey.use_cases.ports import AuditRow, Transaction
from sparekey.use_cases.services import Services

WORDS: Final = {
    Event.SIGN_UP_STARTED: "a sign-up was started",
    Event.CREATED: "the account was created",
    Event.SIGNED_IN: "signed in",
    Event.SIGN_IN_FAILED: "a sign-in failed",
    Event.SIGN_IN_CLOSED: "a wrong answer too many: the name was closed for devices that are not known",
    Event.SIGN_IN_STARTED: "a sign-in by mail was started",
    Event.SIGNED_OUT: "a session was ended",
    Event.SESSIONS_ENDED: "all other sessions were ended",
    Event.RECOVERY_STARTED: "a recovery was started",
    Event.RECOVERED: "a new password was set by recovery",
    Event.PASSWORD_CHANGED: "the password was changed",
    Event.PASSWORD_REHASHED: "the password was hashed anew",
    Event.CODE_SENT: "another code was sent",
    Event.CODE_HELD: "another code was asked for and held back: too many to this recipient",
    Event.PROVEN: "proven: {challenge}",
    Event.WRONG: "a wrong answer: {challenge}",
    Event.CLOSED: "an answer was refused: too many wrong ones",
    Event.STARTED: "{action} was started",
    Event.LEFT: "the person went no further in that browser; the mailed link stays good",
    Event.NOTHING_MORE: "the person had no other way",
    Event.JUDGED: "the policy judged: {state}",
    Event.ADDRESS_ADDED: "an address was added",
    Event.ADDRESS_REMOVED: "an address was removed",
    Event.MAIN_ADDRESS_CHANGED: "another address became the main one",
    Event.DETAILS_CHANGED: "details were changed: {what}",
    Event.FACTOR_ADDED: "a factor was added",
    Event.FACTOR_REMOVED: "a factor was removed",
    Event.FACTOR_STOLEN: "a factor was reported stolen",
    Event.FACTOR_RENAMED: "a factor was renamed",
    Event.BACKUP_CODES_MADE: "ten backup codes were made",
    Event.BACKUP_CODE_USED: "a backup code was used",
    Event.PREFERENCE_CHANGED: "another second factor is asked for first",
    Event.SECOND_OFFER_REFUSED: "a second factor was offered and refused",
    Event.SECOND_FACTOR_REQUIRED: "a second factor is required of the account",
    Event.SECOND_FACTOR_NOT_REQUIRED: "a second factor is no longer required of the account",
    Event.SOCIAL_LINKED: "an account elsewhere was linked",
    Event.SOCIAL_UNLINKED: "an account elsewhere was unlinked",
    Event.DEVICE_REMEMBERED: "a device was remembered",
    Event.DEVICE_FORGOTTEN: "a remembered device was forgotten",
    Event.SIGN_IN_APPROVED: "a sign-in on a computer was approved",
    Event.NUMBER_MOVED: "a number moved to another account",
    Event.ADDRESS_BOUNCED: "an address refuses messages for good",
    Event.PROMPT_SENT: "the enrolled phone was asked",
    Event.PROMPT_REFUSED: "the enrolled phone said no",
    Event.REMINDED: "the owner was asked whether everything is still theirs",
    Event.DISOWNED: "somebody said in a message that this was not them",
    Event.WAIT_BEGUN: "a wait began, and every address was told",
    Event.WAIT_NOTICED: "every address was told of the wait again",
    Event.WAIT_OVER: "the wait was over",
    Event.RECOVERY_CANCELLED: "a recovery that waited was stopped by a full sign-in",
    Event.RECOVERY_OBJECTED: "somebody objected to a recovery that waited",
    Event.DISPUTED: "two sides claim the account: a dispute was opened",
    Event.DISPUTE_JOINED: "more was shown in the dispute",
    Event.DISPUTE_TIED: "the dispute was weighed, and both sides had shown as much",
    Event.DISPUTE_OVER: "the dispute was over: {outcome}",
    Event.FROZEN: "the account was frozen",
    Event.CHANGES_UNDONE: "changes were undone: {what}",
    Event.BLOCKED: "the site blocked the account",
    Event.UNBLOCKED: "the site opened the account again",
    Event.CASE_BEGUN: "a support case was begun, and its contact mailbox asked",
    Event.CASE_OPENED: "the support case was opened: its contact mailbox was shown",
    Event.CASE_STATED: "the person made statements about the account",
    Event.CASE_ANSWERED: "the person wrote in the support case",
    Event.CASE_MOVED: "a mailed link took the support case to another browser",
    Event.CASE_LOOKED_AT: "agent {agent} looked at the support case",
    Event.CASE_ASKED: "agent {agent} wrote in the support case",
    Event.CASE_VOTED: "agent {agent} voted on the support case: {choice} ({reason})",
    Event.CASE_DECIDED: "two agents decided the support case: {choice}",
    Event.CASE_APPROVED: "the approval left, at a fixed hour",
    Event.CASE_REFUSED: "the refusal left, at a fixed hour",
    Event.CASE_CLOSED: "the support case was closed: {why}",
    Event.THAWED: "the account was thawed",
    Event.CONTACTS_CHANGE_BEGUN: "other recovery contacts were wanted; the change waits",
    Event.CONTACTS_CHANGE_STOPPED: "the change of the recovery contacts was stopped",
    Event.CONTACTS_CHANGED: "the recovery contacts were changed",
    Event.CONTACT_ACCEPTED: "a friend agreed to be a recovery contact",
    Event.CONTACT_DECLINED: "a friend does not want to be a recovery contact",
    Event.CONTACTS_ASKED: "the recovery contacts were asked to help",
    Event.CONTACT_ANSWERED: "a friend typed the right words",
    Event.CONTACT_WRONG: "a friend typed wrong words",
    Event.CONTACT_REFUSED: "a friend said that nobody had told any words",
    Event.SECRET_ANSWER_CHANGED: "the secret question was set, changed or removed",
    Event.AGENT_PLACED: "the account may work on support cases",
    Event.AGENT_REMOVED: "the account no longer works on support cases",
    Event.SHIFT_BEGUN: "an agent showed a key to work on cases",
    Event.CLOSING_BEGUN: "the thirty days began after which the account closes, and every address was told",
    Event.CLOSING_STOPPED: "the closing of the account was stopped",
    Event.CLOSED_FOR_GOOD: "the account was closed for good",
    Event.DATA_DOWNLOADED: "the data of the account was downloaded",
    Event.QUARANTINED: "some things are withheld until {until}",
    Event.QUARANTINE_ENDED: "nothing is withheld any more: an older second factor was shown",
    Event.WARNED: "the owner was warned: {warning}",
    Event.CONFIRMATION_ASKED: "the shop asked for {action} to be confirmed",
    Event.CONFIRMATION_GIVEN: "{action} was confirmed for the shop",
    Event.CONFIRMATION_REFUSED: "{action} was refused, and the shop told",
    Event.CONFIRMATION_USED: "the shop did what was confirmed: {action}",
    Event.ORDERS_DISOWNED: "the shop was told of {count} orders that were somebody else's",
}
"""Every event of ``domain/audit.py``, as something that happened to a flow."""

STATES: Final = {
    State.ASKING: "open: the person acts next",
    State.WAITING: "waiting",
    State.ALLOWED: "allowed: the person acts next",
    State.REFERRED: "over: referred to support",
    State.DENIED: "over: denied",
    State.DONE: "over: done",
    State.ENDED: "over: ended",
}


async def why(flow_id: str) -> None:
    """Tell what happened to a flow, and why.

    Parameters
    ----------
    flow_id:
        The id that stands in the address of the page, in the API's answer, and in the log of events.

    """
    async with open_services(read_settings(os.environ)) as services, services.store.transaction() as tx:
        flow = await tx.flows.get(flow_id)
        rows = await _events(tx, flow_id, flow)
        if flow is None and not rows:
            sys.exit("There is no such flow. Flows are kept for 7 days after their end, and their events for longer.")
        lines = [
            f"Flow {flow_id}",
            *(await _heading(tx, services, flow) if flow else ["It is no longer stored; this is what the log says."]),
        ]
        lines += ["", *(f"{row.at:%Y-%m-%d %H:%M:%S} UTC  {line}" for row in rows for line in told(row, flow, services.policy))]
        if flow:
            lines += ["", *(await _standing(tx, services, flow))]
    console = Console()
    for line in lines:
        console.print(Text(line), soft_wrap=True)


async def _events(tx: Transaction, flow_id: str, flow: Flow | None) -> list[AuditRow]:
    """From every chain that knows of the flow; a sign-up's end stands in the chain of the account that it made."""
    chains = {flow.subject, flow.account_id} if flow else set()
    if (begun := begun_at(flow_id)) is not None:
        chains |= set(await tx.audit.chains_of_flow(flow_id, begun - timedelta(minutes=1), begun + FLOW_LASTS))
    rows = [row for chain in chains for row in await tx.audit.of_flow(chain, flow_id)]
    return sorted(rows, key=lambda r: (r.at, r.chain, r.seq))


def begun_at(flow_id: str) -> datetime | None:
    """The moment that an id begins with (``ports.Chance.new_id``); ``None`` for what is no id."""
    try:
        return datetime.fromtimestamp(int(flow_id[:12], 16) / 1000, UTC) if len(flow_id) == 32 else None
    except (ValueError, OverflowError):
        return None


async def _heading(tx: Transaction, services: Services, flow: Flow) -> list[str]:
    account = await tx.accounts.get(flow.account_id)
    about = services.policy.actions[flow.action].about if flow.action in services.policy.actions else "no longer in the policy"
    whose = f"account {flow.account_id}" if account.exists else "a name that nobody has"
    typed = f", typed as {masked(flow.typed)}" if flow.typed else ""
    lines = [
        f"{flow.action}: {about}",
        f"For {whose}{typed}; begun {flow.created_at:%Y-%m-%d %H:%M} UTC, profile {services.policy.profile}",
    ]
    if flow.void:
        lines.append("It can never be allowed: its address has an account already, or somebody said that they did not ask for it.")
    if flow.moved:
        lines.append("A mailed link took it to another browser.")
    return lines


def told(row: AuditRow, flow: Flow | None, policy: Policy) -> list[str]:
    """One event in words; where it names a route, the next line says why the policy has it."""
    detail = msgspec.json.decode(row.detail, type=dict[str, str])
    words = WORDS[Event(row.name)] if row.name in set(Event) else row.name
    spoken = {k: v.replace("_", " ") for k, v in detail.items()}
    line = words.format_map({"challenge": "", "action": "", "state": "", "what": "", **spoken})
    route = detail.get("route", "")
    if not route:
        return [line]
    return [f"{line}, by the route {route}{_because(policy, flow, route)}"]


def _because(policy: Policy, flow: Flow | None, route: str) -> str:
    """The sentence of the policy file. Without the flow, that of any action with such a route."""
    actions = [policy.actions[flow.action]] if flow and flow.action in policy.actions else list(policy.actions.values())
    sentences = {r.why for a in actions for r in a.routes if r.name == route}
    return f": {sentences.pop()}" if len(sentences) == 1 else ""


async def _standing(tx: Transaction, services: Services, flow: Flow) -> list[str]:
    now = services.clock.now()
    if flow.state in OPEN and now >= flow.expires_at:
        return [f"Now: expired at {flow.expires_at:%Y-%m-%d %H:%M} UTC, when it was {STATES[flow.state].removeprefix('open: ')}."]
    ended = f" ({flow.ended}: {SENTENCES[flow.ended]})" if flow.ended in SENTENCES else ""
    lines = [f"Now: {STATES[flow.state]}{ended}."]
    if flow.waiting is not None:
        lines += _wait(flow, flow.waiting)
    if flow.action not in services.policy.actions:
        return lines
    if flow.state in {State.ASKING, State.WAITING}:
        account = await tx.accounts.get(flow.account_id)
        verdict = judge(flow, services.policy, Situation(account, flow.proofs, now, breached_password=flow.breached))
        if isinstance(verdict, Ask):
            lines.append(f"Asked for: {', '.join(verdict.choices).replace('_', ' ')} (on a device that is not known).")
            lines.append(f"With nothing more: {_said(verdict.otherwise)}{_because(services.policy, flow, _route(verdict.otherwise))}")
    return [*lines, f"All that {flow.action} asks for: sparekey policy show {flow.action}"]


def _wait(flow: Flow, waiting: Waiting) -> list[str]:
    hours, of = (round(t.total_seconds() / 3600) for t in (waiting.credited, waiting.length))
    lines = [f"Its wait: {hours} of {of} hours credited, {waiting.counted} of {waiting.days} notices accepted by a witness's server."]
    if waiting.noticed_at is not None:
        lines.append(f"The last notices were written at {waiting.noticed_at:%Y-%m-%d %H:%M} UTC.")
    if waiting.objected_at is not None:
        lines.append(f"In dispute since {waiting.objected_at:%Y-%m-%d %H:%M} UTC: it cannot finish before that is weighed.")
    if waiting.won_at is not None:
        lines.append(f"It was weighed at {waiting.won_at:%Y-%m-%d %H:%M} UTC, and had shown more than the other side.")
    if flow.state is State.WAITING:
        earliest = f"{waiting.until(waiting.looked_at):%Y-%m-%d %H:%M} UTC"
        lines.append(f"It may be over at {earliest} at the earliest, and is kept for {WAIT_KEPT.days} days then.")
    return lines


def _said(verdict: Delay | Refer | Deny) -> str:
    match verdict:
        case Delay(route, wait):
            return f"a wait of {wait.total_seconds() / 3600:.0f} hours, by the route {route}"
        case Refer(route):
            return f"support, by the route {route}"
        case Deny(reason):
            return f"refused ({reason})"


def _route(verdict: Delay | Refer | Deny) -> str:
    return "" if isinstance(verdict, Deny) else verdict.route
