"""The OpenAPI 3.1 document, made of the routes and their types."""

from functools import lru_cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sparekey.web.api.body import Problem, json_answer
from sparekey.web.api.routes import API_ROUTES, ApiRoute

REF = "#/components/schemas/{name}"

PROBLEMS = {
    "400": "The request is not what is described here",
    "401": "Not signed in, or not proven",
    "403": "Not allowed from here",
    "404": "No such flow, link or page for this client",
    "409": "Not the next step",
    "410": "The flow is over",
    "413": "Too large",
    "415": "Wrong content type",
    "421": "The Host is not ours",
    "422": "A field is not usable",
    "428": "A proof of work is asked for first",
    "429": "Too many tries",
    "503": "Busy, or down for work",
}


async def document(_: Request) -> Response:
    return json_answer(openapi())


@lru_cache(maxsize=1)
def openapi() -> dict[str, Any]:
    kinds = {r.body for r in API_ROUTES if r.body} | {r.answer for r in API_ROUTES if r.answer} | {Problem}
    ordered = sorted(kinds, key=lambda k: k.__name__)
    _, components = msgspec.json.schema_components(ordered, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in API_ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sparekey", "version": "1", "description": "Sign-up, sign-in, recovery and the own account."},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}, "shop": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: ApiRoute) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": route.name, "summary": route.about, "responses": _responses(route)}
    named = ("slug", "account_id", "confirmation_id", "flow_id")
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named if f"{{{name}}}" in route.path
    ]
    if "/help" in route.path:
        parameters.append({"name": "language", "in": "query", "schema": {"type": "string"}, "description": "Else by Accept-Language"})
    if route.name == "help":
        parameters.append({"name": "q", "in": "query", "schema": {"type": "string"}, "description": "A question, in one's own words"})
    if "/flows" in route.path or "/links" in route.path:
        parameters.append(
            {"name": "Flow-Token", "in": "header", "schema": {"type": "string"}, "description": "As given when the flow was started"}
        )
        remembered = "Of a remembered device; stands in for the second factor"
        parameters.append({"name": "Remembered-Token", "in": "header", "schema": {"type": "string"}, "description": remembered})
        parameters.append({"name": "Device-Token", "in": "header", "schema": {"type": "string"}, "description": "Of a known device"})
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(route.body)}}}
    if route.signed_in:
        operation["security"] = [{"session": []}]
    elif route.for_shop:
        operation["security"] = [{"shop": []}]
    elif "/flows" in route.path:
        operation["security"] = [{}, {"session": []}]
    return operation


def _responses(route: ApiRoute) -> dict[str, Any]:
    good: dict[str, Any] = {"description": route.about}
    if route.answer:
        good["content"] = {"application/json": {"schema": _ref(route.answer)}}
    problem = {"application/problem+json": {"schema": _ref(Problem)}}
    same = {str(route.same): good} if route.same else {}
    return {str(route.status): good, **same, **{status: {"description": text, "content": problem} for status, text in PROBLEMS.items()}}


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": REF.format(name=kind.__name__)}
