"""What the templates are given: plain values for one page each. Nothing here holds a secret or a domain object.

A template shows what it is given and asks nothing else; words are chosen in the template, from the stable names in here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sparekey.domain.values import Struct, field
from sparekey.use_cases.human import HumanCheck
from sparekey.use_cases.read_account import SessionSeen
from sparekey.use_cases.read_dispute import DisputeSeen


class LanguageChoice(Struct, frozen=True):
    code: str
    name: str


class ProviderView(Struct, frozen=True):
    """Another provider. ``name``: in forms; ``title``: as people know it."""

    name: str
    title: str


class RestrictionView(Struct, frozen=True):
    """``told``: what is held back, in words. ``until``: ``None`` where somebody must act first."""

    told: str
    why: str
    until: datetime | None


class Frame(Struct, frozen=True):
    """What surrounds every page. ``path``: the page itself, to come back to after a change of language."""

    site_name: str
    language: str
    direction: str
    languages: tuple[LanguageChoice, ...]
    nonce: str
    csrf: str
    path: str
    development: bool
    signed_in_as: str = ""
    section: str = ""
    providers: tuple[ProviderView, ...] = ()
    """At which people of this site may have accounts."""
    secret_question: bool = False
    """The site takes answers to a secret question."""
    recovery_until: datetime | None = None
    """Somebody is getting into this account after a wait: when it may open at the earliest (UTC)."""
    disputed: bool = False
    """Two sides claim this account."""
    closing_at: datetime | None = None
    """When this account closes for good (UTC), if somebody asked for that."""
    quarantined_until: datetime | None = None
    """Until when (UTC) some things are held back after a recovery of this account."""
    quarantine_left: str = ""
    """The same as a countdown, in words."""


class ToldView(Struct, frozen=True):
    """Something that was done, in words, and when (UTC). ``choice``: what is sent when it is chosen; empty where there is no choice."""

    words: str
    at: datetime
    choice: str = ""


class Problem(Struct, frozen=True):
    """A sentence about one field; ``field`` is empty when it is about the whole form."""

    field: str
    message: str


class FormView(Struct, frozen=True):
    """What was typed, and what is wrong with it. ``values`` never holds a password or code."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notice: str = ""
    human: HumanCheck | None = None
    """The check that a person is there, where it is asked for."""

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def problem(self, name: str) -> str:
        return next((p.message for p in self.problems if p.field == name), "")


class Way(Struct, frozen=True):
    """One way to verify. ``href``: where it is asked; empty when something must be sent first."""

    kind: str
    href: str = ""


class FateView(Struct, frozen=True):
    """What became of a message. ``state``: queued, accepted, arrived, refused. ``reason``: a stable name, or empty."""

    by_text: bool
    state: str
    at: datetime | None
    reason: str
    mailed_instead: bool


class MethodNamed(Struct, frozen=True):
    """``label``: what its owner calls it, or empty."""

    factor_id: str
    kind: str
    label: str


class NotNowView(Struct, frozen=True):
    """A way that cannot be tried now. ``why``: none, stolen, young, no_help."""

    kind: str
    why: str


class PromptView(Struct, frozen=True):
    """A question to the owner's phone. ``state``: asked, approved or expired."""

    number: str
    state: str
    until: datetime


class FriendsView(Struct, frozen=True):
    """Friends who were asked to help. ``phrase``: what they are told. ``answered``: how many have typed it; ``enough``: as many as it
    takes."""

    phrase: str
    answered: int
    enough: bool
    until: datetime


class PairingView(Struct, frozen=True):
    """The code with which a phone is enrolled: ``code`` in groups to be typed, ``raw`` without, ``svg`` to be scanned."""

    code: str
    raw: str
    svg: str
    until: datetime


class FlowView(Struct, frozen=True):
    """One flow as its own browser may see it.

    ``masked``: the name or address as typed, masked. ``username``: for the password manager, as typed. ``resend_after``: whole
    seconds. ``proven``: kinds of proof given so far. ``next_flow``: where it goes on when this one is done.
    ``breached``: the password was right, but it is known from a data theft. ``wait_days``: on so many days somebody must be told of
    the wait; ``counted_days``: on so many the notice has arrived.
    """

    flow_id: str
    action: str
    about: str = ""
    """What a site calls an action of its own."""
    masked: str = ""
    username: str = ""
    long: bool = False
    resend_after: int = 0
    proven: tuple[str, ...] = ()
    other_ways: tuple[Way, ...] = ()
    can_say_nothing_more: bool = False
    of_another_account: bool = False
    waits_until: datetime | None = None
    wait_days: int = 0
    counted_days: int = 0
    objected: bool = False
    next_flow: str = ""
    dispute: DisputeSeen | None = None
    """How the dispute stands that the recovery is in."""
    breached: bool = False
    can_remember: bool = False
    """The device can be remembered with the answer that is asked for."""
    current: str = ""
    """The kind of proof that the page asks for."""
    key_options: str = ""
    """What the browser is asked for when a key is used or made, JSON."""
    adds: str = ""
    """The kind of factor that is being added."""
    key: str = ""
    """What is typed into an authenticator app that is being added; ``qr``: the same as an SVG."""
    qr: str = ""
    codes: tuple[str, ...] = ()
    """New backup codes, the first with number 1."""
    methods: tuple[MethodNamed, ...] = ()
    """Of these the person says which was stolen, or which are lost."""
    not_now: tuple[NotNowView, ...] = ()
    lost_phone: bool = False
    """What is asked for needs a phone, which may be lost."""
    by_name: bool = True
    """It began with a typed name, by whoever it was."""
    prompt: PromptView | None = None
    friends: FriendsView | None = None
    pairing: PairingView | None = None
    approves: str = ""
    """Where the question of the computer that is approved stands: asked, approved or expired."""
    approve_at: str = ""
    """The page of phones that approve, as one types its address."""
    providers: tuple[ProviderView, ...] = ()
    """At which an account elsewhere may be."""
    by_text: bool = False
    """The newest message went to a phone."""
    sent_to: str = ""
    """Where it went, masked."""
    fate: FateView | None = None
    """What became of it, for who may know."""
    mail_follows: bool = False
    """A code is mailed where the text is refused."""
    operator_refuses: bool = False
    """The operator of this number refuses many texts today."""
    vouched: bool = False
    """The provider says that it verified the address with which someone signs up."""


class AccountView(Struct, frozen=True):
    name: str
    main_email: str
    password_set_at: datetime | None
    devices: int
    advice: str = ""


class EventView(Struct, frozen=True):
    sentence: str
    where: str
    at: datetime


class ConfirmationView(Struct, frozen=True):
    """What the shop asks. ``state``: open, confirmed, refused or expired. ``about``: what it calls the action. ``until``: when it expires
    (UTC)."""

    confirmation_id: str
    state: str
    about: str
    title: str
    return_to: str
    until: datetime


class OrderView(Struct, frozen=True):
    """Something that the shop reported. ``name`` and ``reference``: of its box in the form, and what that sends."""

    name: str
    reference: str
    kind: str
    title: str
    amount: str
    where: str
    at: datetime


class ReviewView(Struct, frozen=True):
    """What happened since a moment (UTC). ``good``: it is that of the last sign-in on a known device."""

    since: datetime
    good: bool
    devices: Sequence[SessionSeen]
    events: Sequence[EventView]
    orders: Sequence[OrderView]
    can_tell_shop: bool


class MessageView(Struct, frozen=True):
    """One message that was sent. ``state``: ready, delivered, expired or dead."""

    subject: str
    hint: str
    state: str
    at: datetime


class KeptField(Struct, frozen=True):
    """A field that an error page keeps, with its label."""

    name: str
    label: str
    value: str


class SaidView(Struct, frozen=True):
    """A message in a support case. ``author``: person or agent. ``seq``: its number in the case."""

    author: str
    text: str
    at: datetime
    seq: int


class CaseView(Struct, frozen=True):
    """A support case as the person sees it. ``flow_id``, ``flow_state`` and ``flow_ended``: of what waits after an approval."""

    number: str
    kind: str
    state: str
    contact: str
    opened_at: datetime
    answer_at: datetime | None
    can_state: bool
    resend_after: int
    messages: tuple[SaidView, ...]
    longest: int
    flow_id: str
    flow_state: str
    flow_ended: str
    waits_until: datetime | None
    ended: str
    can_withdraw: bool
    secret_question: bool
