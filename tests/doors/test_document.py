"""The OpenAPI document, and the walk in docs/api.md: both say what the server does."""

import re
from typing import get_args

import httpx2
import jsonschema_rs
import msgspec
import pytest
import schemathesis

from sparekey.web.api.openapi import openapi
from sparekey.web.api.start_schemas import Start
from sparekey.web.routes import routes
from tests.doors.api import Api, hold_to_document
from tests.doors.walk import NEW_PASSWORD, PAGE, walk, walk_on

pytestmark = pytest.mark.row("N3")


async def test_the_document_is_served_as_it_is_made(api: Api) -> None:
    answered = await api.http.get("/api/v1/openapi.json")
    assert answered.json() == openapi()


def test_the_document_is_valid() -> None:
    schemathesis.openapi.from_dict(openapi()).validate()
    for schema in openapi()["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_the_document_describes_every_address_of_the_api_and_no_other() -> None:
    served = {(m, r.path) for r in routes(development=False) for m in getattr(r, "methods", None) or () if r.path.startswith("/api/")}  # type: ignore[attr-defined]
    described = {(method.upper(), path) for path, operations in openapi()["paths"].items() for method in operations}
    beside = {("GET", "/api/v1/openapi.json"), ("HEAD", "/api/v1/openapi.json")}
    by_head = {("HEAD", path) for method, path in described if method == "GET"}
    # Served before the framework (web/session_check.py).
    assert served - beside - by_head == described - {("GET", "/api/v1/session")}


def test_the_page_names_all_that_can_be_started_and_what_is_given() -> None:
    started = {form.__struct_config__.tag: given(form) for form in get_args(Start)}
    assert dict(re.findall(r"^\| `(\w+)` \| (.*?) \| ", PAGE.read_text(), re.MULTILINE)) == started


def given(form: type[msgspec.Struct]) -> str:
    """The fields as the page writes them: what may be left out stands in brackets."""
    return ", ".join(f"`{f.name}`" if f.required else f"(`{f.name}`)" for f in msgspec.structs.fields(form))


async def test_an_answer_beside_the_document_would_be_found(api: Api) -> None:
    answered = await api.http.post("/api/v1/passwords/check", json={"password": NEW_PASSWORD})
    hold_to_document(answered)
    planted = answered.content.replace(b'"high"', b'"splendid"')
    with pytest.raises(jsonschema_rs.ValidationError):
        hold_to_document(httpx2.Response(200, content=planted, headers=answered.headers, request=answered.request))


async def test_the_walk_on_the_page_is_what_happens(api: Api) -> None:
    assert walk_on(PAGE.read_text()) == await walk(api), "put the new one onto the page: python -m tests.doors.walk"
