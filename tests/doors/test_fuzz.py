"""Requests that schemathesis makes up from the OpenAPI document, right and wrong ones: no 5xx, and no answer beside the document (N3).

Where a flow is asked for, every second one names a flow that this client may drive. All requests are made up first and sent
then, so that what one of them changes does not change what comes next.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import cycle
from json import dumps
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from sparekey.web.api.openapi import openapi
from sparekey.web.api.routes import API_ROUTES, ApiRoute
from tests.doors.api import Api, Program, encoded, hold_to_document
from tests.doors.cases import begin
from tests.doors.confirmations import SECRET, Shop, id_of, shop_served
from tests.postgres import Cluster

pytestmark = pytest.mark.row("N3")

SCHEMA = schemathesis.openapi.from_dict(openapi())

EXAMPLES = 20

DATABASES = ("sqlite", "postgres", "sqlite")


SIGNED_IN = {"stranger": False, "signed in": True}

EACH = [(database, route, who) for n, route in enumerate(API_ROUTES) for database, who in zip(DATABASES[n % 2 :], SIGNED_IN, strict=False)]
"""On one database strangers, on the other who is signed in; the next route the other way round."""

OTHERS = [(database, route, who) for route in API_ROUTES for database in ("sqlite", "postgres") for who in SIGNED_IN]
OTHERS = [one for one in OTHERS if one not in EACH]


@pytest.fixture(scope="module")
def fuzzed_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
    else:
        cluster: Cluster = request.getfixturevalue("postgres_server")
        yield cluster.create("fuzzed", request.getfixturevalue("migrated_template"))
        cluster.drop("fuzzed")


@pytest.fixture(scope="module")
async def fuzzed(fuzzed_url: str, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> AsyncIterator[Api]:
    """One server for all of them: what one request leaves behind, the next one finds."""
    folder = tmp_path_factory.mktemp("fuzzed") / "data"
    async with shop_served(fuzzed_url, folder, migrated_sqlite, insecure_no_volume_limits="true") as api:
        yield api


def made_up(route: ApiRoute, mode: GenerationMode) -> Sequence[Case[Any]]:
    cases: list[Case[Any]] = []

    @settings(max_examples=EXAMPLES, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(SCHEMA[route.path][route.method].as_strategy(generation_mode=mode))
    def collect(case: Case[Any]) -> None:
        cases.append(case)

    collect()
    return cases


def named(part: object) -> str:
    return f"{part.method} {part.path}" if isinstance(part, ApiRoute) else str(part)


@pytest.mark.parametrize(("fuzzed_url", "route", "who"), EACH, ids=named, indirect=["fuzzed_url"])
async def test_no_made_up_request_breaks_the_door(fuzzed: Api, route: ApiRoute, who: str) -> None:
    await no_made_up_request_breaks(fuzzed, route, signed_in=SIGNED_IN[who])


@pytest.mark.soak
@pytest.mark.parametrize(("fuzzed_url", "route", "who"), OTHERS, ids=named, indirect=["fuzzed_url"])
async def test_no_made_up_request_breaks_the_door_of_the_other_database(fuzzed: Api, route: ApiRoute, who: str) -> None:
    await no_made_up_request_breaks(fuzzed, route, signed_in=SIGNED_IN[who])


async def no_made_up_request_breaks(fuzzed: Api, route: ApiRoute, *, signed_in: bool) -> None:
    modes = GenerationMode if route.body else [GenerationMode.POSITIVE]
    client, own_flow = fuzzed.program(), cycle([False, True])
    for mode, case in [(m, case) for m in modes for case in made_up(route, m)]:
        if route.for_shop:
            client.session = SECRET if signed_in else ""
            if "{confirmation_id}" not in route.path and next(own_flow):
                known(case, await id_of(await newcomer(fuzzed)))
        elif signed_in and not await client.is_signed_in():
            client.session = (await newcomer(fuzzed)).session
        flow_id = ""
        if "{flow_id}" in route.path and next(own_flow):
            flow_id = (await client.start("recover", identifier="somebody@example.com")).flow_id
            case.path_parameters["flow_id"] = flow_id
        if "{confirmation_id}" in route.path and next(own_flow):
            whose = client if signed_in and not route.for_shop else await newcomer(fuzzed)
            case.path_parameters["confirmation_id"] = await Shop(fuzzed).asked(
                await id_of(whose), reference=fuzzed.parts.services.chance.token()
            )
        if "{number}" in route.path and next(own_flow):
            person, _ = await begin(fuzzed, "somebody@example.com")
            flow_id = case.path_parameters["number"] = person.number
            client.flow_tokens[flow_id] = person.token
        answered = await client.http.request(**request_of(case, client, flow_id))
        hold_to_document(answered)
        if answered.status_code != 413:  # refused unread for its size, of which schemathesis knows nothing
            case.validate_response(answered, excluded_checks=[ignored_auth, positive_data_acceptance])
        if mode is GenerationMode.POSITIVE:
            assert answered.status_code != 400, f"it is as described, and yet: {answered.text}"


async def newcomer(fuzzed: Api) -> Program:
    """In the session of an account that there is from now on."""
    return await fuzzed.signed_up(f"{fuzzed.parts.services.chance.digits(12)}@example.com")


def known(case: Case[Any], account_id: str) -> None:
    if "account_id" in case.path_parameters:
        case.path_parameters["account_id"] = account_id
    if isinstance(case.body, dict):
        case.body["account_id"] = account_id


def request_of(case: Case[Any], program: Program, flow_id: str) -> dict[str, Any]:
    asked: dict[str, Any] = case.as_transport_kwargs(base_url=str(program.http.base_url))
    own = {"Authorization": f"Bearer {program.session}" if program.session else "", "Flow-Token": program.flow_tokens.get(flow_id, "")}
    headers = {**asked["headers"], **{k: v for k, v in own.items() if v}}
    return {
        "method": asked["method"],
        "url": asked["url"],
        "params": asked["params"],
        "headers": encoded(headers),
        "content": dumps(asked["json"]) if "json" in asked else asked.get("data"),
    }
