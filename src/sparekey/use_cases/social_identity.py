"""Who somebody is at another provider, as it is kept here: found by a keyed hash of issuer and subject, never by an address.

**As what thing is it held?** Where the provider vouches for an address, the account there *is* that mailbox: whoever reads the mailbox
resets the password there, and where the provider hosts the mailbox it is the other way round as well. So an e-mailed code and this
sign-in are one thing, and neither is a witness against the other (docs/social.md). Where nobody vouches it is a thing of its own.
"""

import msgspec

from sparekey.domain.accounts import AccountId
from sparekey.domain.actions import Action
from sparekey.domain.errors import InvalidInput
from sparekey.domain.factors import Factor, FactorKind, Thing, ThingKind
from sparekey.domain.flow.asked import Enrolling
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.masks import masked
from sparekey.domain.values import Struct
from sparekey.use_cases.new_factor import NewFactor
from sparekey.use_cases.ports import ParsedAddress, Transaction
from sparekey.use_cases.ports_of_social import SocialIdentity, SocialProvider
from sparekey.use_cases.services import Services

IDENTITY = "social.identity"
ENROLLING = "flow.social"

LONGEST_HINT = 60
"""Characters of a name that stand beside the provider's, for whoever has two accounts there."""

_encode = msgspec.json.Encoder().encode


def vouched_address(services: Services, identity: SocialIdentity) -> ParsedAddress | None:
    """The address that the provider says it verified, as we write and compare it."""
    if not identity.email_verified:
        return None
    try:
        return services.identifiers.email(identity.email)
    except InvalidInput:
        return None


async def find_linked(tx: Transaction, services: Services, identity: SocialIdentity) -> tuple[AccountId, str] | None:
    """Account and factor that an identity is linked to; under every key still kept."""
    for key in services.sealer.keyed_hashes(_identity(identity), IDENTITY):
        found = await tx.factors.find(key)
        if found is not None:
            return found
    return None


def new_link(services: Services, title: str, identity: SocialIdentity, *, with_account: bool) -> NewFactor:
    """The identity as a factor that can be put on an account. ``title``: of the provider, as people know it. ``with_account``: the
    account begins with it."""
    now = services.clock.now()
    factor_id = services.chance.new_id(now)
    address = vouched_address(services, identity)
    factor = Factor(
        factor_id=factor_id,
        kind=FactorKind.SOCIAL,
        thing=Thing(ThingKind.MAILBOX, address.key) if address else Thing(ThingKind.SOCIAL, factor_id),
        added_at=now,
        with_account=with_account,
        label=_label(title, identity),
    )
    return NewFactor(factor, _encode(identity), services.sealer.keyed_hash(_identity(identity), IDENTITY))


def keep_identity(services: Services, flow: Flow, provider: SocialProvider, identity: SocialIdentity) -> Enrolling:
    """The identity as a sign-up keeps it until the account exists."""
    kept = _encode(_Kept(provider.title, identity))
    return Enrolling(FactorKind.SOCIAL, services.sealer.seal(kept, f"{ENROLLING}.{flow.flow_id}"), flow.expires_at)


def kept_identity(services: Services, flow: Flow) -> SocialIdentity | None:
    """What a sign-up keeps; ``None`` for one that did not begin at a provider."""
    kept = _kept(services, flow)
    return kept.identity if kept else None


def kept_link(services: Services, flow: Flow) -> NewFactor | None:
    """The factor with which the account of a sign-up begins; ``None`` for one that did not begin at a provider."""
    kept = _kept(services, flow)
    return new_link(services, kept.title, kept.identity, with_account=True) if kept else None


class _Kept(Struct, frozen=True):
    title: str
    identity: SocialIdentity


_decode = msgspec.json.Decoder(_Kept).decode


def _kept(services: Services, flow: Flow) -> _Kept | None:
    kept = flow.enrolling
    if flow.action != Action.SIGN_UP or kept is None or kept.kind is not FactorKind.SOCIAL:
        return None
    return _decode(services.sealer.open(kept.sealed, f"{ENROLLING}.{flow.flow_id}"))


class Suggested(Struct, frozen=True):
    """What the provider said of the person, to be kept or mended. ``vouched``: this address needs no code."""

    name: str
    email: str
    vouched: bool


def wants_details(flow: Flow) -> bool:
    """Whether a sign-up that began at a provider still lacks name and address."""
    return (
        flow.action == Action.SIGN_UP
        and flow.state is State.ASKING
        and flow.enrolling is not None
        and flow.enrolling.kind is FactorKind.SOCIAL
        and not flow.wants.address_key
    )


def suggested(services: Services, flow: Flow) -> Suggested | None:
    """``None`` for a flow that lacks nothing of this."""
    identity = kept_identity(services, flow) if wants_details(flow) else None
    return Suggested(identity.name, identity.email, vouched_address(services, identity) is not None) if identity else None


def _identity(identity: SocialIdentity) -> bytes:
    # Neither part can hold a line break: an issuer is an address, and a subject is checked or a number.
    return f"{identity.issuer}\n{identity.subject}".encode()


def _label(title: str, identity: SocialIdentity) -> str:
    hint = masked(identity.email) if identity.email else identity.name
    return f"{_beginning(title)} {''.join(c for c in hint if c.isprintable())[:LONGEST_HINT]}".strip()


def _beginning(title: str) -> str:
    return f"{title}:"
