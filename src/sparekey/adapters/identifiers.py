"""What a person typed, understood: e-mail addresses by email-validator, numbers by phonenumbers, user names by our rule."""

import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from sparekey.domain.accounts import LONGEST_IDENTIFIER
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.use_cases.ports import ParsedAddress

LIKE_A_NUMBER = re.compile(r"(?:tel:)?\s*[+(]?[\d\s().\u2010-\u2015/+-]{3,40}", re.IGNORECASE)
"""What people write numbers with. Digits of any script; no letters, so that no user name is taken for a number."""

WITHOUT_TEXTS = frozenset(
    {
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.PAGER,
        phonenumbers.PhoneNumberType.UAN,
        phonenumbers.PhoneNumberType.VOICEMAIL,
    }
)
"""Numbers that cannot read a text, or cost us dearly."""

USER_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,28}[a-z0-9])", re.ASCII)


class Identifiers:
    """``region``: two letters, for numbers written the national way. ``test_domains``: let ``.test`` and the like pass."""

    def __init__(self, *, region: str = "", test_domains: bool = False) -> None:
        self._region = region or None
        self._test = test_domains

    def email(self, typed: str, field: str = "email") -> ParsedAddress:
        """Raises ``InvalidInput``: email_missing or email_invalid."""
        text = unicodedata.normalize("NFKC", typed.strip()[: LONGEST_IDENTIFIER + 1])
        if not text:
            raise InvalidInput(FieldProblem(field, "email_missing"))
        try:
            found = validate_email(text, check_deliverability=False, test_environment=self._test, strict=True)
        except EmailNotValidError:
            raise InvalidInput(FieldProblem(field, "email_invalid")) from None
        return ParsedAddress(value=found.normalized, key=f"email:{found.normalized.casefold()}")

    def phone(self, typed: str, field: str = "phone") -> ParsedAddress:
        """``value`` is E.164. Raises ``InvalidInput``: phone_missing, phone_invalid, phone_needs_country, phone_gets_no_texts."""
        text = unicodedata.normalize("NFKC", typed.strip()[: LONGEST_IDENTIFIER + 1])
        if not text:
            raise InvalidInput(FieldProblem(field, "phone_missing"))
        number = self._number(text)
        if number is None or not phonenumbers.is_valid_number(number):
            abroad = self._region is None and not text.lstrip().startswith(("+", "00", "tel:+"))
            raise InvalidInput(FieldProblem(field, "phone_needs_country" if abroad else "phone_invalid"))
        if phonenumbers.number_type(number) in WITHOUT_TEXTS:
            raise InvalidInput(FieldProblem(field, "phone_gets_no_texts"))
        value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return ParsedAddress(value=value, key=f"phone:{value}")

    def _number(self, text: str) -> phonenumbers.PhoneNumber | None:
        """What looks like a number. ``None`` for words, an extension behind it, or a national form where no country is set."""
        if not LIKE_A_NUMBER.fullmatch(text):
            return None
        if self._region is None and text.startswith("00"):
            text = f"+{text[2:]}"  # the international prefix of most of the world (ITU-T E.164, Annex); with a country set, its own
        try:
            number = phonenumbers.parse(text, self._region)
        except phonenumbers.NumberParseException:
            return None
        return None if number.extension else number

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
        text = "".join(c for c in typed.strip()[:LONGEST_IDENTIFIER] if c.isprintable())
        if "@" in text:
            try:
                return self.email(text).key
            except InvalidInput:
                return f"none:{text.casefold()}"
        if any(c.isdecimal() for c in text):
            number = self._number(unicodedata.normalize("NFKC", text))
            if number is not None and phonenumbers.is_possible_number(number):
                return f"phone:{phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)}"
        return f"name:{text.lower()}"
