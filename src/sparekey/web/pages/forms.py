"""A form as it arrived. Strict: one value a field, in UTF-8, not too large; anything else is the client's fault."""

from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from sparekey.domain.errors import BadRequest, FieldProblem, InvalidInput
from sparekey.domain.values import Struct
from sparekey.web.guard import LARGEST_BODY

T = TypeVar("T", bound=msgspec.Struct)

MOST_FIELDS: Final = 30

SECRETS: Final = frozenset(
    {
        "password",
        "password_again",
        "current_password",
        "new_password",
        "new_password_again",
        "answer",
        "secret_answer",
        "phrase",
        "csrf",
        "human",
        "human_ticket",
    }
)
"""Never shown again."""


class Form(Struct, frozen=True):
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """What was typed; empty when the field is missing."""
        return self.fields.get(name, "")

    def has(self, names: tuple[str, ...]) -> bool:
        """Whether all of these fields arrived, empty or not."""
        return all(name in self.fields for name in names)

    @property
    def kept(self) -> dict[str, str]:
        """What may be shown again."""
        return {name: value for name, value in self.fields.items() if name not in SECRETS}


async def read_form(request: Request) -> Form:
    """Raises ``BadRequest``: wrong_content_type, too_large, bad_form, duplicate_field."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise BadRequest("wrong_content_type")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise BadRequest("too_large")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadRequest("bad_form") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadRequest("duplicate_field")
    return Form(fields)


def key_answer(form: Form, kind: type[T]) -> T:
    """What a key answered, as the script put it into the field ``answer``. Raises ``InvalidInput``."""
    try:
        return msgspec.json.decode(form["answer"], type=kind)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidInput(FieldProblem("", "key_refused")) from None
