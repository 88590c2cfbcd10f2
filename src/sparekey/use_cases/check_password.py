"""Judge a new password: for the strength meter while typing, and again for good when it is set."""

from collections.abc import Sequence

from sparekey.domain.accounts import Account
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.passwords import Strength, form_problems, normalize, problems
from sparekey.domain.retention import FORMER_PASSWORDS_KEPT
from sparekey.domain.values import Struct
from sparekey.use_cases.services import Services

FORMER_REFUSED = FORMER_PASSWORDS_KEPT
"""So many former passwords are refused (mission.md, P5)."""


class Judged(Struct, frozen=True):
    strength: Strength
    problems: tuple[FieldProblem, ...]


async def check_password(
    services: Services,
    password: str,
    *,
    names: Sequence[str] = (),
    addresses: Sequence[str] = (),
    former: bool = False,
    field: str = "password",
) -> Judged:
    """What a password is worth here, and every reason to refuse it. Does not wait for a hash."""
    unusable = form_problems(password, rules=services.password_rules, field=field)
    if unusable and unusable[0].reason != "password_too_short":
        return Judged(Strength.LOW, unusable)
    known = (*names, *addresses, *services.site.words)
    strength = services.strength(normalize(password), known)
    if unusable:
        return Judged(strength, unusable)
    found = problems(
        password,
        rules=services.password_rules,
        site_words=services.site.words,
        names=names,
        addresses=addresses,
        strength=strength,
        breached=await services.breached.has(password),
        former=former,
        field=field,
    )
    return Judged(strength, found)


async def must_be_good(services: Services, password: str, account: Account, former: Sequence[str], field: str = "new_password") -> None:
    """Raises ``InvalidInput`` with every reason to refuse a new password of an account.

    ``former``: hashes of passwords before, the present one included; comparing them costs one hash each, so the cheap
    reasons are looked for first.
    """
    names = (account.name, account.user_name)
    addresses = [a.value for a in account.addresses]
    judged = await check_password(services, password, names=names, addresses=addresses, field=field)
    if judged.problems:
        raise InvalidInput(*judged.problems)
    for stored in former[:FORMER_REFUSED]:
        if await services.hasher.verify(stored, password):
            raise InvalidInput(FieldProblem(field, "password_used_before"))
