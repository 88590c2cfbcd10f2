"""What enrolling, proving and signing in with a key share: the challenge of a flow, the keys of an account, and whose key answered."""

import json

from sparekey.challenges import webauthn
from sparekey.challenges.webauthn import Assertion, Credential, Options, Right, Wrong
from sparekey.domain.accounts import Account
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.flow.asked import Ceremony
from sparekey.domain.flow.flow import Flow
from sparekey.domain.proofs import Proof
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services
from sparekey.use_cases.standing import is_by_name

FIND = "factor.key"

KEYS = (FactorKind.PASSKEY, FactorKind.SECURITY_KEY)


async def ceremony_to_register(tx: Transaction, services: Services, flow: Flow, account: Account) -> Ceremony:
    """A challenge for the key that the flow is allowed to add."""
    kind = FactorKind(flow.wants.factor_kind)
    challenge = _challenge(services)
    options = webauthn.ask_to_register(
        services.relying_party,
        challenge=challenge,
        user_id=account.account_id,
        user_name=next((a.value for a in account.addresses if a.main), account.name),
        shown_name=account.name,
        known=await _credentials(tx, account, *KEYS),
        verified=kind is FactorKind.PASSKEY,
    )
    return Ceremony(kind, challenge, flow.expires_at, _json(options), registering=True)


async def ceremony_to_prove(tx: Transaction, services: Services, flow: Flow, account: Account, kind: FactorKind) -> Ceremony:
    """A challenge for a key of the account. Which keys there are is told only to one who has proven something (D3)."""
    told = not is_by_name(flow) or any(not p.enrolling for p in flow.proofs)
    known = await _credentials(tx, account, kind) if told else []
    challenge = _challenge(services)
    options = webauthn.ask(services.relying_party, challenge=challenge, known=known, verified=kind is FactorKind.PASSKEY)
    return Ceremony(kind, challenge, flow.expires_at, _json(options))


async def find_key(tx: Transaction, services: Services, credential_id: bytes) -> tuple[str, str] | None:
    """Whose key this is: account and factor id."""
    for key in services.sealer.keyed_hashes(credential_id, FIND):
        if found := await tx.factors.find(key):
            return found
    return None


async def judge_key(
    tx: Transaction, services: Services, account: Account, answer: Assertion, *, kind: FactorKind, challenge: bytes
) -> Proof | Wrong:
    """Judge an answer and move the counter of the key, in the transaction that holds the lock of the account."""
    now = services.clock.now()
    found = await find_key(tx, services, answer.credential_id)
    if found is None:
        return Wrong("unknown_key")
    factor = _good_factor(account, found, kind)
    if isinstance(factor, Wrong):
        return factor
    kept = await tx.factors.secret_of(account.account_id, factor.factor_id)
    if kept is None:
        return Wrong("unknown_key")
    outcome = webauthn.check(
        answer,
        services.relying_party,
        Credential.unpacked(kept.secret),
        user_id=account.account_id,
        counter=kept.counter,
        challenge=challenge,
        verified=kind is FactorKind.PASSKEY,
    )
    match outcome:
        case Wrong():
            return outcome
        case Right(counter=0):
            await tx.factors.used(account.account_id, factor.factor_id, now)
        case Right(counter):
            if not await tx.factors.raise_counter(account.account_id, factor.factor_id, counter, now):
                return Wrong("cloned")
    return Proof(factor.kind, factor.factor_id, factor.thing, now)


def _good_factor(account: Account, found: tuple[str, str], kind: FactorKind) -> Factor | Wrong:
    account_id, factor_id = found
    if account_id != account.account_id:
        return Wrong("another_account")
    factor = next((f for f in account.enrolled if f.factor_id == factor_id), None)
    if factor is None:
        return Wrong("unknown_key")
    if factor.stolen:
        return Wrong("reported_stolen")
    return factor if factor.kind is kind else Wrong("another_kind")


async def _credentials(tx: Transaction, account: Account, *kinds: FactorKind) -> list[Credential]:
    kept = [await tx.factors.secret_of(account.account_id, f.factor_id) for f in account.enrolled if f.kind in kinds and not f.stolen]
    return [Credential.unpacked(one.secret) for one in kept if one is not None]


def _challenge(services: Services) -> bytes:
    """256 random bits, as text: any bytes will do."""
    return services.chance.token().encode()


def _json(options: Options) -> str:
    return json.dumps(options, ensure_ascii=False)
