"""JSON in and out: strict about what comes, one form for every error (RFC 9457)."""

import gettext
import json
import re
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sparekey.domain.errors import BadRequest
from sparekey.messages import catalogue
from sparekey.messages.reasons import sentence
from sparekey.web.errors import Shown
from sparekey.web.guard import LARGEST_BODY

T = TypeVar("T", bound=msgspec.Struct)

_encode = msgspec.json.Encoder().encode


async def read_json(request: Request, kind: type[T]) -> T:
    """The body as ``kind``. Raises ``BadRequest`` for anything else: other types, unknown or doubled fields, too much."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise BadRequest("wrong_content_type")
    body = await request.body()
    if len(body) > LARGEST_BODY:
        raise BadRequest("too_large")
    try:
        return msgspec.convert(json.loads(body, object_pairs_hook=_no_doubles), kind)
    except msgspec.ValidationError as e:
        raise BadRequest("bad_json", without_values(str(e))) from None
    except (ValueError, RecursionError):
        raise BadRequest("bad_json") from None


def without_values(said: str) -> str:
    """What msgspec says is wrong, and where, without what was sent: a secret in the wrong place must not stand in an answer."""
    return _SAYS_VALUE.sub(lambda m: m[1] + (m[2] or ""), said)


_SAYS_VALUE = re.compile(r"(Invalid (?:enum )?value|Object contains unknown field)\b.*?( - at `\$[\w.\[\]]*`)?\Z", re.DOTALL)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRequest("duplicate_field")
    return found


def json_answer(value: object, status: int = 200) -> Response:
    return Response(_encode(value), status, media_type="application/json", headers={"cache-control": "no-store"})


class FieldError(msgspec.Struct, frozen=True):
    """``reason``: a stable name; ``message``: its sentence in the language that was asked for."""

    field: str
    reason: str
    message: str


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457. ``type``: ``urn:sparekey:problem:`` and the reason; ``errors``: what is wrong with single fields.
    ``challenge``: with ``human_needed``, the proof of work to be solved."""

    type: str
    title: str
    status: int
    errors: list[FieldError] = []
    detail: str = ""
    challenge: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def problem_answer(request: Request, shown: Shown, detail: str = "") -> Response:
    words = catalogue.translator(catalogue.choose(request.headers.get("accept-language", "")))
    problem = Problem(
        type=f"urn:sparekey:problem:{shown.reason}",
        title=_title(words, shown),
        status=shown.status,
        errors=[FieldError(p.field, p.reason, sentence(words, p.reason, p.params)) for p in shown.problems],
        detail=detail,
        challenge=msgspec.Raw(shown.challenge.encode()) if shown.challenge else msgspec.UNSET,
    )
    headers = {"cache-control": "no-store"}
    if shown.retry_after:
        headers["retry-after"] = str(shown.retry_after)
    if shown.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(_encode(problem), shown.status, media_type="application/problem+json", headers=headers)


def _title(words: gettext.NullTranslations, shown: Shown) -> str:
    return sentence(words, shown.reason, (("seconds", str(shown.retry_after)),))
