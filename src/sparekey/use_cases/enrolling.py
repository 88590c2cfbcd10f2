"""What a flow keeps, sealed, while a factor is being added: the seed of an authenticator, and the backup codes that are being shown."""

import msgspec

from sparekey.challenges import backup_code, totp
from sparekey.domain.accounts import Account
from sparekey.domain.actions import Action
from sparekey.domain.errors import WrongStep
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.asked import Enrolling
from sparekey.domain.flow.flow import Flow
from sparekey.domain.flow.state import State
from sparekey.domain.values import Struct, replace
from sparekey.use_cases.services import Services

SEED = "flow.seed"

CODES = "flow.codes"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode


def begin_enrolling(services: Services, flow: Flow) -> Flow:
    """The flow with what its page shows, as soon as it is allowed. Made once: a page that is loaded again shows the same."""
    if flow.state is not State.ALLOWED or flow.enrolling is not None:
        return flow
    if flow.action == Action.ADD_FACTOR and flow.wants.factor_kind == FactorKind.TOTP:
        sealed = services.sealer.seal(totp.seed_of(services.chance.token()), f"{SEED}.{flow.flow_id}")
        return replace(flow, enrolling=Enrolling(FactorKind.TOTP, sealed, flow.expires_at))
    if flow.action == Action.RENEW_BACKUP_CODES:
        kept = Enrolling(FactorKind.BACKUP_CODE, b"", flow.expires_at, proven=True, codes=new_codes(services, flow))
        return replace(flow, enrolling=kept)
    return flow


def new_codes(services: Services, flow: Flow) -> bytes:
    """Ten new backup codes, sealed for this flow."""
    return services.sealer.seal(_encode(backup_code.make(services.chance.below)), f"{CODES}.{flow.flow_id}")


def seed_shown(services: Services, flow: Flow) -> bytes | None:
    """The seed of the authenticator that is being added; ``None`` while there is none."""
    kept = flow.enrolling
    if kept is None or kept.proven or kept.kind is not FactorKind.TOTP or services.clock.now() >= kept.until:
        return None
    return services.sealer.open(kept.sealed, f"{SEED}.{flow.flow_id}")


class NewAuthenticator(Struct, frozen=True):
    """``key``: to be typed into an app. ``uri``: the same for a QR code."""

    key: str
    uri: str


def authenticator_shown(services: Services, flow: Flow, account: Account) -> NewAuthenticator | None:
    seed = seed_shown(services, flow)
    if seed is None:
        return None
    name = account.main_email.value if account.main_email else account.name
    return NewAuthenticator(totp.typed_key(seed), totp.uri(seed, account=name, site=services.site.name))


def codes_shown(services: Services, flow: Flow) -> tuple[str, ...]:
    """The backup codes that wait to be kept, the first with number 1; none while there are none. They are shown until one of them was
    typed in, and to nobody after."""
    kept = flow.enrolling
    if kept is None or not kept.codes or services.clock.now() >= kept.until:
        return ()
    return _decode(services.sealer.open(kept.codes, f"{CODES}.{flow.flow_id}"))


def must_show(services: Services, flow: Flow) -> tuple[str, ...]:
    """The same; raises ``WrongStep`` when there are none."""
    shown = codes_shown(services, flow)
    if not shown:
        raise WrongStep("no backup codes are being shown")
    return shown
