"""Send the browser to another provider on behalf of a flow, and take it back: the handshake is kept sealed in the flow, and spent once."""

import msgspec

from sparekey.challenges import social
from sparekey.domain.errors import FieldProblem, InvalidInput, ProviderFailed, WrongStep
from sparekey.domain.flow.asked import HANDSHAKE_LASTS, Handshake
from sparekey.domain.flow.flow import Flow
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.ports_of_delivery import Refused, TryLater
from sparekey.use_cases.ports_of_social import SocialProvider
from sparekey.use_cases.services import Services
from sparekey.use_cases.standing import Standing

HANDSHAKE = "flow.handshake"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(social.Asked).decode


class Away(Struct, frozen=True):
    """A flow, and where its browser goes now."""

    standing: Standing
    authorization_url: str


def provider_named(services: Services, name: str) -> SocialProvider:
    """Raises ``InvalidInput`` for one that this site does not have."""
    found = next((p for p in services.social.providers if p.name == name), None)
    if found is None:
        raise InvalidInput(FieldProblem("provider", "provider_unknown"))
    return found


async def leave_for(services: Services, provider: SocialProvider, flow: Flow, redirect_uri: str, back: str) -> tuple[Flow, str]:
    """The flow with a visit under way, and where to go. An earlier visit of the flow is void from now on.

    ``redirect_uri``: a program's own, or empty for our pages. Raises ``InvalidInput`` for one that the site does not know, and
    ``ProviderFailed``. Asks the provider, so never inside a transaction.
    """
    redirect_uri = redirect_uri or services.social.callback(provider.name)
    if redirect_uri not in {services.social.callback(provider.name), *services.social.redirects}:
        raise InvalidInput(FieldProblem("redirect_uri", "redirect_unknown"))
    chance = services.chance
    tokens = (chance.token(), chance.token(), chance.token())
    asked = social.ask(flow.flow_id, tokens=tokens, redirect_uri=redirect_uri, back=back)
    try:
        url = await provider.authorization_url(
            state=asked.state, nonce=asked.nonce, code_challenge=social.code_challenge(asked), redirect_uri=redirect_uri
        )
    except TryLater as e:
        raise ProviderFailed("provider_silent") from e
    except Refused as e:
        raise ProviderFailed("provider_refused") from e
    sealed = services.sealer.seal(_encode(asked), f"{HANDSHAKE}.{flow.flow_id}")
    return replace(flow, handshake=Handshake(provider.name, sealed, services.clock.now() + HANDSHAKE_LASTS)), url


def take_back(services: Services, provider: SocialProvider, flow: Flow, state: str) -> tuple[Flow, social.Asked]:
    """The flow without its visit, which is spent by that, and what was kept of it.

    Raises ``WrongStep`` when no visit to this provider is under way, or the state is of another: then nothing is spent.
    """
    kept = flow.handshake
    if kept is None or not social.is_open(kept, provider.name, services.clock.now()):
        raise WrongStep("no visit is under way")
    asked = _decode(services.sealer.open(kept.sealed, f"{HANDSHAKE}.{flow.flow_id}"))
    if not social.check(asked, state):
        raise WrongStep("the state is of another visit")
    return replace(flow, handshake=None), asked
