"""What a person typed, understood: e-mail addresses by email-validator, numbers by phonenumbers, user names by our rule."""

import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.use_cases.ports import ParsedAddress

LONGEST = 320
"""Characters of an address: 64 + @ + 255 (RFC 5321, 4.5.3.1)."""

USER_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,28}[a-z0-9])", re.ASCII)


class Identifiers:
    """``region``: two letters, for numbers written the national way. ``test_domains``: let ``.test`` and the like pass."""

    def __init__(self, *, region: str = "", test_domains: bool = False) -> None:
        self._region = region or None
        self._test = test_domains

    def email(self, typed: str, field: str = "email") -> ParsedAddress:
        """Raises ``InvalidInput``: email_missing or email_invalid."""
        text = unicodedata.normalize("NFKC", typed.strip()[: LONGEST + 1])
        if not text:
            raise InvalidInput(FieldProblem(field, "email_missing"))
        try:
            found = validate_email(text, check_deliverability=False, test_environment=self._test, strict=True)
        except EmailNotValidError:
            raise InvalidInput(FieldProblem(field, "email_invalid")) from None
        return ParsedAddress(value=found.normalized, key=f"email:{found.normalized.casefold()}")

    def user_name(self, typed: str, field: str = "user_name") -> tuple[str, str]:
        """What is shown and what is looked up: 3 to 30 letters of a–z, digits, dot, dash and underscore.

        One alphabet, so that no two names look alike. Raises ``InvalidInput``: user_name_invalid.
        """
        shown = typed.strip()
        if not USER_NAME.fullmatch(shown.lower()):
            raise InvalidInput(FieldProblem(field, "user_name_invalid"))
        return shown, f"name:{shown.lower()}"

    def key_of(self, typed: str) -> str:
        """The look-up key of anything that may name an account. Never fails: what is no name at all has a key that nobody has."""
        text = "".join(c for c in typed.strip()[:LONGEST] if c.isprintable())
        if "@" in text:
            try:
                return self.email(text).key
            except InvalidInput:
                return f"none:{text.casefold()}"
        if any(c.isdecimal() for c in text):
            try:
                number = phonenumbers.parse(text, self._region)
            except phonenumbers.NumberParseException:
                number = None
            if number is not None and phonenumbers.is_possible_number(number):
                return f"phone:{phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)}"
        return f"name:{text.lower()}"
