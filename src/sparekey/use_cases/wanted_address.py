"""Is what somebody wants to do with an address possible at all? Asked before a flow begins; raises ``InvalidInput`` beside the field."""

from sparekey.domain.accounts import Account, Address, AddressKind, address_thing, is_needed, is_weak, second_factors
from sparekey.domain.actions import Action
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.wants import Wants
from sparekey.domain.limits import RESERVED
from sparekey.domain.policy.conditions import rules_of
from sparekey.use_cases.ask_by_message import BY_MESSAGE
from sparekey.use_cases.ports import Transaction
from sparekey.use_cases.services import Services
from sparekey.use_cases.standing import can_be_sent


async def is_void(tx: Transaction, services: Services, account: Account, wants: Wants) -> bool:
    """Whether a new address is somebody else's, so that the flow can never be allowed, and must not show it.

    A number is never void: numbers change hands, so whoever reads its texts may have it in the end (mission.md, S6). Raises
    ``InvalidInput`` for an own address that need not be confirmed again.
    """
    field = "phone" if is_number(wants) else "email"
    own = next((a for a in account.addresses if a.key == wants.address_key), None)
    if own is not None and own.kind is AddressKind.EMAIL and not is_weak(own, services.clock.now()):
        raise InvalidInput(FieldProblem(field, "address_is_yours"))
    if is_number(wants) and not services.site.texts:
        raise InvalidInput(FieldProblem(field, "texts_not_offered"))
    holder = await tx.accounts.holder_of(wants.address_key, services.clock.now() - RESERVED)
    return holder is not None and holder != account.account_id and not is_number(wants)


def is_number(wants: Wants) -> bool:
    return wants.address_key.startswith("phone:")


def own_address(account: Account, action: str, wants: Wants) -> Address:
    """The address that is removed or made the main one."""
    chosen = next((a for a in account.addresses if a.address_id == wants.address), None)
    if chosen is None:
        raise InvalidInput(FieldProblem("address", "address_unknown"))
    if is_needed(account, chosen) if action == Action.REMOVE_ADDRESS else chosen.main:
        raise InvalidInput(FieldProblem("address", "address_is_main"))
    return chosen


def check_second(services: Services, account: Account, wants: Wants) -> None:
    """An address that is to become a second factor (mission.md, F2, F3), where the site and its policy have such a factor."""
    kind = FactorKind(wants.factor_kind)
    if not may_be_second(services, kind):
        raise InvalidInput(FieldProblem("factor", "not_offered"))
    chosen = next((a for a in account.addresses if a.address_id == wants.address and a.kind is BY_MESSAGE[kind]), None)
    if chosen is None:
        raise InvalidInput(FieldProblem("address", "address_unknown"))
    if any(f.kind is kind and f.thing == address_thing(chosen) for f in second_factors(account)):
        raise InvalidInput(FieldProblem("address", "factor_taken"))


def may_be_second(services: Services, kind: FactorKind) -> bool:
    """Whether the policy takes this kind of message as a second factor, and the site can send it. In ``strict`` it takes none."""
    return can_be_sent(services, kind) and any(kind in route.second for route in rules_of(services.policy, Action.SIGN_IN).routes)
