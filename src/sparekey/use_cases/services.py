"""What every use case is given: the outside, the policy, and the few facts of the site. Made once, by ``bootstrap``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sparekey.challenges.webauthn import RelyingParty
from sparekey.domain.passwords import PasswordRules
from sparekey.domain.policy.model import Policy
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct
from sparekey.use_cases.ports import (
    Breached,
    Chance,
    Clock,
    HumanCheck,
    Identifiers,
    Operators,
    PasswordHasher,
    Places,
    Sealer,
    Store,
    StrengthMeter,
    VolumeLimits,
)
from sparekey.use_cases.ports_of_social import SocialProvider


class Site(Struct, frozen=True):
    """``words``: what a stranger knows of the site, hence no password. ``texts``: it can send texts to phones.
    ``second_factor_required``: of every account (mission.md, F8)."""

    name: str
    words: tuple[str, ...]
    texts: bool = False
    second_factor_required: bool = False
    answers_to: str = ""
    """The address that takes answers to mails of support cases; empty where none does."""
    secret_question: bool = False
    """Answers to secret questions are taken, as weak statements in support cases (mission.md, R9)."""


class Social(Struct, frozen=True):
    """The providers at which people may have accounts, in the order of their buttons. ``base_url``: ours, to come back to.
    ``redirects``: addresses of programs to which a provider may send people back as well."""

    providers: tuple[SocialProvider, ...] = ()
    base_url: str = ""
    redirects: frozenset[str] = frozenset()

    def callback(self, provider: str) -> str:
        """The address that is registered at a provider."""
        return f"{self.base_url}/social/{provider}/callback"


@dataclass(frozen=True, slots=True)  # and no Struct, which would show all fields
class Shop:
    """``secret``: what the shop shows when it asks us; empty where no shop may ask. ``is_told``: it is told of changes."""

    secret: str = field(default="", repr=False)
    is_told: bool = False
    origin: str = ""
    """Scheme and host of its pages, to which people are led back; empty where nobody is led to any."""


class Services(Struct, frozen=True):
    store: Store
    clock: Clock
    chance: Chance
    sealer: Sealer
    hasher: PasswordHasher
    breached: Breached
    strength: StrengthMeter
    limits: VolumeLimits
    identifiers: Identifiers
    places: Places
    operators: Operators
    policy: Policy
    password_rules: PasswordRules
    site: Site
    relying_party: RelyingParty
    social: Social = Social()
    phrase_words: Sequence[str] = ()
    """Of these phrases are made that people tell each other."""
    shop: Shop = Shop()
    human: HumanCheck | None = None
    """``None`` where nothing is limited by volume either, for measuring."""


class Client(Struct, frozen=True):
    """Who asks, as far as a request tells.

    ``holder``: the secret of this browser (a cookie), or of the flow that a program drives. ``device_token``: the cookie of a
    known device, or empty. ``network``: the IP address. ``session``: whose session came with the request, if any.
    """

    holder: str
    network: str
    user_agent: str
    language: str
    device_token: str = ""
    session: Session | None = None
    former: Session | None = None
    """The one in this browser, also where it is not good for what is asked: it ends when somebody signs in here."""
    remembered_token: str = ""
    """The cookie of a remembered device, or empty."""
    human: str = ""
    """A solved proof of work that came with the request."""
    human_ticket: str = ""
    """In its place, from a browser without scripts: what shows that it has waited (mission.md, S5)."""
    remember: bool = False
    """The person wants this device to be remembered, if the sign-in shows a second factor (mission.md, I6)."""


WORKER = Client(holder="", network="", user_agent="", language="")
"""Who acts when time does."""
