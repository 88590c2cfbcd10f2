"""Any road through any flow of any account, under the policies that ship: what holds wherever it leads.

A machine takes steps at random: proofs of the account's things, of young and of foreign ones, "I have no other way", time, ends.
"""

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.errors import FlowOver, WrongStep
from sparekey.domain.factors import THING_OF, Factor, FactorKind, Thing
from sparekey.domain.flow.events import CarriedOut, Ended, Event, NothingMore, Proven, Started, TimePassed
from sparekey.domain.flow.flow import FLOW_LASTS, Flow, judge, step
from sparekey.domain.flow.permit import Permit, permit_of
from sparekey.domain.flow.state import MOVES, State
from sparekey.domain.policy.model import Policy, Situation
from sparekey.domain.policy.parse import load_policy
from sparekey.domain.policy.verdict import Allow, Ask
from sparekey.domain.proofs import Proof
from sparekey.domain.values import replace
from tests.policy.people import NOW, account

POLICIES = {profile: load_policy(profile, {}) for profile in ("shop", "strict")}

THINGS = ("young-mailbox", "second_email", "phone", "email_as_second", "sms", "totp", "young-totp", "stolen-totp", "passkey", "backup_code")


def a_flow(action: Action, someone: Account, *, void: bool = False) -> Flow:
    return Flow(
        flow_id="f" * 32,
        action=action,
        account_id=someone.account_id,
        subject=someone.account_id,
        holder=b"",
        state=State.ASKING,
        version=1,
        created_at=NOW,
        expires_at=NOW + FLOW_LASTS,
        language="en",
        void=void,
    )


class AnyRoad(RuleBasedStateMachine):
    flow: Flow
    someone: Account
    policy: Policy
    now: datetime
    session: tuple[Proof, ...]
    known_device: bool

    @initialize(
        action=st.just(Action.RECOVER) | st.sampled_from(Action),
        profile=st.sampled_from(sorted(POLICIES)),
        things=st.sets(st.sampled_from(THINGS), max_size=3),
        signed_in=st.booleans(),
        known_device=st.booleans(),
        void=st.booleans(),
    )
    def begin(self, action: Action, profile: str, things: set[str], *, signed_in: bool, known_device: bool, void: bool) -> None:
        self.policy, self.known_device, self.now = POLICIES[profile], known_device, NOW
        self.someone = account(" ".join(sorted(things)))
        self.session = self._proofs(self.someone) if signed_in else ()
        self.allowed = False
        self.flow = a_flow(action, self.someone, void=void)

    def _proofs(self, someone: Account) -> tuple[Proof, ...]:
        return tuple(Proof(f.kind, f.factor_id, f.thing, self.now) for f in someone.factors())

    def _situation(self) -> Situation:
        return Situation(self.someone, self.flow.proofs, self.now, session_proofs=self.session, known_device=self.known_device)

    def _step(self, event: Event) -> None:
        before = self.flow
        try:
            self.flow = step(before, event, policy=self.policy, situation=self._situation())
        except FlowOver:
            assert not before.is_open(self.now)
            return
        except WrongStep:
            assert before.is_open(self.now)
            return
        assert self.flow.state in MOVES[before.state].values()
        if self.flow.state is State.ALLOWED and before.state is not State.ALLOWED:
            ripened = before.state is State.WAITING and isinstance(event, TimePassed)
            assert ripened or isinstance(judge(self.flow, self.policy, self._situation()), Allow)
            self.allowed = True
        if before.waits_until is not None and self.flow.state is State.WAITING:
            assert self.flow.waits_until is not None
            assert self.flow.waits_until <= before.waits_until, "no proof makes a wait longer"

    @rule()
    def start(self) -> None:
        self._step(Started())

    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        self._step(Proven(data.draw(st.sampled_from(self._proofs(self.someone)))))

    @rule(kind=st.sampled_from(FactorKind), enrolling=st.booleans())
    def prove_what_is_not_on_the_account(self, kind: FactorKind, *, enrolling: bool) -> None:
        if kind is not FactorKind.SUPPORT_APPROVAL:
            self._step(Proven(Proof(kind, "foreign", Thing(THING_OF[kind], "foreign"), self.now, enrolling=enrolling)))

    @rule()
    def have_nothing_more(self) -> None:
        self._step(NothingMore())

    @rule(hours=st.sampled_from([0.1, 1, 24, 24 * 8]))
    def wait(self, hours: float) -> None:
        """The clock is looked at each hour, and every notice arrives."""
        steps = int(hours) + 1
        for _ in range(steps):
            self.now += timedelta(hours=hours) / steps
            if self.flow.waiting is not None:
                self.flow = replace(self.flow, waiting=self.flow.waiting.looked(self.now).accepted(self.now))

    @precondition(lambda self: self.flow.waiting is not None and self.flow.waiting.is_over)
    @rule()
    def ripen(self) -> None:
        self._step(TimePassed())

    @rule()
    def carry_out(self) -> None:
        was = self.flow.state
        self._step(CarriedOut())
        assert self.flow.state is not State.DONE or was in {State.ALLOWED, State.DONE}

    @rule()
    def end(self) -> None:
        self._step(Ended("replaced"))

    @invariant()
    def is_allowed_only_by_the_policy_or_a_wait_that_ended(self) -> None:
        if self.flow.state in {State.ALLOWED, State.DONE}:
            assert self.allowed

    @invariant()
    def permits_only_when_allowed(self) -> None:
        permit = None
        with suppress(FlowOver, WrongStep):
            permit = permit_of(self.flow, self.now)
        may = self.flow.state is State.ALLOWED and self.flow.is_open(self.now) and not self.flow.void
        assert (permit is not None) == may

    @invariant()
    def has_a_way_on_or_an_honest_end(self) -> None:
        if not self.flow.is_open(self.now):
            for event in (Started(), NothingMore(), CarriedOut(), Ended("replaced")):
                with pytest.raises(FlowOver) as over:
                    step(self.flow, event, policy=self.policy, situation=self._situation())
                assert over.value.reason
            return
        match self.flow.state:
            case State.ASKING:
                verdict = judge(self.flow, self.policy, self._situation())
                assert not isinstance(verdict, Ask) or verdict.choices
                after = step(self.flow, NothingMore(), policy=self.policy, situation=self._situation())
                assert after.state is not State.ASKING
            case State.WAITING:
                assert self.flow.waits_until is not None
                assert self.flow.waits_until < self.flow.expires_at
            case state:
                assert state is State.ALLOWED


def run(machine: type[AnyRoad], examples: int, *phases: Phase) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=12, phases=phases or tuple(Phase)))


def test_any_road() -> None:
    run(AnyRoad, 200)


ROADS: dict[str, tuple[Action, list[Event | str]]] = {
    "asking": (Action.SIGN_IN, []),
    "allowed": (Action.RECOVER, ["mailbox"]),
    "done": (Action.RECOVER, ["mailbox", CarriedOut()]),
    "waiting": (Action.RECOVER, ["password", NothingMore()]),
    "waiting, then allowed": (Action.RECOVER, ["password", NothingMore(), TimePassed()]),
    "waiting, then allowed by a stronger proof": (Action.RECOVER, ["password", NothingMore(), "mailbox"]),
    "waiting, then ended": (Action.RECOVER, ["password", NothingMore(), Ended("replaced")]),
    "referred": (Action.RECOVER, [NothingMore()]),
    "denied": (Action.SIGN_IN, [NothingMore()]),
    "ended": (Action.SIGN_IN, [Ended("replaced")]),
}


def _proof(factor: Factor) -> Proof:
    return Proof(factor.kind, factor.factor_id, factor.thing, NOW)


@pytest.mark.parametrize("to", ROADS)
def test_a_road_to_each_state(to: str) -> None:
    action, events = ROADS[to]
    flow, someone = a_flow(action, account()), account()
    factors = {f.factor_id: f for f in someone.factors()}
    for event in events:
        taken = Proven(_proof(factors[event])) if isinstance(event, str) else event
        if isinstance(taken, TimePassed) and flow.waiting is not None:
            flow = replace(flow, waiting=replace(flow.waiting, credited=flow.waiting.length, counted=flow.waiting.days))
        flow = step(flow, taken, policy=POLICIES["shop"], situation=Situation(someone, flow.proofs, NOW))
    words = to.split()
    assert flow.state == (words[2] if len(words) > 2 else words[0])


def test_a_step_that_forgets_to_ask_the_policy_would_be_found() -> None:
    class Planted(AnyRoad):
        @rule()
        def forget_to_ask(self) -> None:
            if self.flow.state is State.ASKING:
                self.flow = replace(self.flow, state=State.ALLOWED)

    with pytest.raises(AssertionError):
        run(Planted, 1_000, Phase.generate)  # it ends at the first that is found


def test_a_permit_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError):
        Permit("recover", account().account_id, "f" * 32, "", object())
