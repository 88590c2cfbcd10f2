"""The mailboxes and numbers of the own account: added, confirmed again, removed, made the main one, made a second step."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from sparekey.domain.actions import Action
from sparekey.domain.errors import BadRequest, InvalidInput
from sparekey.domain.factors import FactorKind
from sparekey.domain.flow.wants import Wants
from sparekey.use_cases.read_account import AddressSeen, read_details
from sparekey.use_cases.start_guarded import start_guarded
from sparekey.use_cases.wanted_address import may_be_second
from sparekey.web.api.flows import address_wanted
from sparekey.web.pages.endpoints import action, page, wrong_input
from sparekey.web.pages.flow_view import go_on
from sparekey.web.pages.forms import Form
from sparekey.web.pages.views import FormView, Problem
from sparekey.web.pages.visit import Visit

PAGE: Final = "/account/addresses"

DONE: Final = frozenset({"address_added", "number_added", "address_removed", "main_changed", "second_added"})
"""What may just have been done; the sentences are in ``account_base.html``."""

KINDS: Final = {"email": FactorKind.EMAIL, "phone": FactorKind.SMS}


async def _addresses(visit: Visit) -> Response:
    return await _addresses_page(visit, FormView())


async def _add_email(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        return await _add(visit, address_wanted(visit.services, email=form["email"], phone=""))
    except InvalidInput as e:
        return await _addresses_page(visit, wrong_input(visit, form, e), 422)


async def _number(visit: Visit) -> Response:
    visit.member()
    return _number_page(visit, FormView())


async def _add_number(visit: Visit, form: Form) -> Response:
    visit.member()
    try:
        number = visit.services.identifiers.phone(form["phone"])
        return await _add(visit, Wants(address=number.value, address_key=number.key))
    except InvalidInput as e:
        return _number_page(visit, wrong_input(visit, form, e), 422)


def _number_page(visit: Visit, form: FormView, status: int = 200) -> Response:
    if not visit.services.site.texts:
        raise BadRequest("not_found")
    return visit.show("account_number.html", status=status, section=PAGE, done="", form=form)


async def _add(visit: Visit, wants: Wants) -> Response:
    return go_on(visit, await start_guarded(visit.services, visit.client, Action.ADD_ADDRESS, wants))


async def _confirm(visit: Visit, form: Form) -> Response:
    """Shown once more to be the owner's: the same road as adding it."""
    address = await _address(visit)
    try:
        by_text = address.kind == "phone"
        return await _add(
            visit, address_wanted(visit.services, email="" if by_text else address.value, phone=address.value if by_text else "")
        )
    except InvalidInput as e:
        return await _addresses_page(visit, _about_all(visit, form, e), 422)


async def _make_main(visit: Visit, form: Form) -> Response:
    return await _with_address(visit, form, Action.SET_MAIN_ADDRESS, Wants(address=_id(visit)))


async def _ask_to_remove(visit: Visit) -> Response:
    address = await _address(visit)
    if not address.may_leave:
        raise BadRequest("not_found")
    return visit.show("account_remove_address.html", section=PAGE, done="", address=address)


async def _remove(visit: Visit, form: Form) -> Response:
    return await _with_address(visit, form, Action.REMOVE_ADDRESS, Wants(address=_id(visit), given_up=form["given_up"] == "yes"))


async def _ask_for_second(visit: Visit) -> Response:
    """What codes to this address are worth, before they become the second step of signing in (mission.md, F2, F3)."""
    address = await _address(visit)
    if address.second_factor or not may_be_second(visit.services, KINDS[address.kind]):
        raise BadRequest("not_found")
    return visit.show("account_second_address.html", section=PAGE, done="", address=address)


async def _make_second(visit: Visit, form: Form) -> Response:
    address = await _address(visit)
    wants = Wants(factor_kind=KINDS[address.kind].value, address=address.address_id)
    return await _with_address(visit, form, Action.ADD_FACTOR, wants)


async def _with_address(visit: Visit, form: Form, what: Action, wants: Wants) -> Response:
    visit.member()
    try:
        return go_on(visit, await start_guarded(visit.services, visit.client, what, wants))
    except InvalidInput as e:
        return await _addresses_page(visit, _about_all(visit, form, e), 422)


def _about_all(visit: Visit, form: Form, error: InvalidInput) -> FormView:
    return FormView(problems=tuple(Problem("", p.message) for p in wrong_input(visit, form, error).problems))


async def _addresses_page(visit: Visit, form: FormView, status: int = 200) -> Response:
    found = (await read_details(visit.services, visit.member().session)).addresses
    done = visit.request.query_params.get("done", "")
    return visit.show(
        "account_addresses.html",
        status=status,
        section=PAGE,
        done=done if done in DONE else "",
        emails=[a for a in found if a.kind == "email"],
        numbers=[a for a in found if a.kind == "phone"],
        texts=visit.services.site.texts,
        seconds=[name for name, kind in KINDS.items() if may_be_second(visit.services, kind)],
        form=form,
    )


async def _address(visit: Visit) -> AddressSeen:
    found = (await read_details(visit.services, visit.member().session)).addresses
    address = next((a for a in found if a.address_id == _id(visit)), None)
    if address is None:
        raise BadRequest("not_found")
    return address


def _id(visit: Visit) -> str:
    address_id: str = visit.request.path_params["address_id"]
    return address_id


ROUTES = [
    Route(PAGE, page(_addresses), methods=["GET"]),
    Route(PAGE, action(_add_email, "email"), methods=["POST"]),
    Route(f"{PAGE}/number", page(_number), methods=["GET"]),
    Route(f"{PAGE}/number", action(_add_number, "phone"), methods=["POST"]),
    Route(f"{PAGE}/{{address_id}}/confirm", action(_confirm), methods=["POST"]),
    Route(f"{PAGE}/{{address_id}}/main", action(_make_main), methods=["POST"]),
    Route(f"{PAGE}/{{address_id}}/remove", page(_ask_to_remove), methods=["GET"]),
    Route(f"{PAGE}/{{address_id}}/remove", action(_remove), methods=["POST"]),
    Route(f"{PAGE}/{{address_id}}/second", page(_ask_for_second), methods=["GET"]),
    Route(f"{PAGE}/{{address_id}}/second", action(_make_second), methods=["POST"]),
]
