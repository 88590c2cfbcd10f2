"""Recovery contacts and the secret question, as the JSON API takes and gives them."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from sparekey.domain.accounts import LONGEST_IDENTIFIER
from sparekey.web.api.typed import PLAIN

Token = Annotated[str, Meta(max_length=200, description="What stands behind `/f/` in the mail to the friend.")]


class FriendNamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong with one is said of ``name_1``, ``email_1`` and so on."""

    name: Annotated[str, Meta(max_length=400, pattern=PLAIN)]
    email: Annotated[str, Meta(max_length=LONGEST_IDENTIFIER, pattern=PLAIN)]


class StartChangeContacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="change_contacts", tag_field="action"):
    """A new list of recovery contacts, in place of the one that holds; it waits, and every address is told.
    No friends: there are to be none.

    ``needed``: so many of them must type the phrase in a recovery, two at least. ``all_needed``: it is meant that every one of them is
    needed, though then one who cannot be reached closes this way.
    """

    friends: Annotated[list[FriendNamed], Meta(max_length=20)]
    needed: Annotated[int, Meta(ge=0, le=20)] = 0
    all_needed: bool = False


class StartSetSecretAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="set_secret_answer", tag_field="action"):
    """Set the answer to a secret question, where the site has switched that on; without a question: remove it."""

    question: Annotated[str, Meta(max_length=40, pattern=PLAIN)] = ""
    answer: Annotated[str, Meta(max_length=400)] = ""


class AnswerContacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="contacts", tag_field="challenge"):
    """Enough friends have typed the phrase: see ``friends``."""


class FriendsAnswer(msgspec.Struct, frozen=True):
    """``phrase``: to be told to the friends by voice. ``answered``: how many have typed it. ``enough``: so many as are needed.
    ``until``: until when they can."""

    phrase: str
    answered: int
    enough: bool
    until: datetime


class ContactAnswer(msgspec.Struct, frozen=True):
    """``state``: invited, accepted or declined."""

    contact_id: str
    name: str
    email: str
    state: str


class CircleAnswer(msgspec.Struct, frozen=True):
    needed: int
    friends: list[ContactAnswer]


class ContactsAnswer(msgspec.Struct, frozen=True):
    """``holds``: the list that holds. ``counts_from``: when it begins to count in a recovery, nothing when it does. ``stopped``: it was
    reported; ``factor_id`` is to report it by. ``comes``: the list that waits to take its place, not before ``until``; ``told``: the wait
    is over, and what is missing are friends who accept."""

    holds: CircleAnswer | None
    counts_from: datetime | None
    stopped: bool
    factor_id: str
    comes: CircleAnswer | None
    until: datetime | None
    told: bool


class LookAtContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Token


class ContactLinkAnswer(msgspec.Struct, frozen=True):
    """``kind``: ``invitation`` or ``phrase``. ``owner``: the name of whoever asks. ``accepted``: the friend has said yes before."""

    kind: str
    owner: str
    accepted: bool


class AnswerInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Token
    accept: bool


class TypePhrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``phrase``: capital letters, commas and spaces do not matter."""

    token: Token
    phrase: Annotated[str, Meta(max_length=400)]


class SecretQuestionAnswer(msgspec.Struct, frozen=True):
    """``on``: the site has switched it on. ``question``: a stable name, empty for none; ``questions``: those to choose from."""

    on: bool
    question: str
    set_at: datetime | None
    questions: list[str]
