"""A six-digit code and a link, sent to a mailbox. What they are, and when one is right; no I/O and no policy.

Source: NIST SP 800-63B-4, 3.1.3 and 4.2.1.2; OWASP Forgot Password. Up to three codes of a flow are good side by side and each
wrong answer counts against all of them. When six-digit codes are closed for today (``domain.limits``), a code carries 80 random
bits instead and needs no throttle.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from sparekey.domain.factors import FactorKind, Thing
from sparekey.domain.flow.asked import Asked
from sparekey.domain.limits import CODES_SIDE_BY_SIDE, LINK_LASTS, WRONG_CODES
from sparekey.domain.values import Struct, replace

Hashes = Callable[[str], tuple[bytes, ...]]
"""The keyed hashes of a text under every key still kept, the current one first."""


class Right(Struct, frozen=True):
    asked: Asked


class Wrong(Struct, frozen=True):
    """``asked``: the open questions after this wrong answer; those that had too many are gone."""

    asked: tuple[Asked, ...]


def ask(
    *,
    flow_id: str,
    factor_id: str,
    thing: Thing,
    code: str,
    link: str,
    lasts: timedelta,
    now: datetime,
    hashes: Hashes,
    kind: FactorKind = FactorKind.EMAIL,
    enrolling: bool = False,
    long: bool = False,
    message_id: str = "",
) -> Asked:
    """The question as it is kept. ``code`` and ``link``: the secrets to send; only their hashes stay."""
    return Asked(
        kind=kind,
        factor_id=factor_id,
        thing=thing,
        code_hash=hashes(_code_text(flow_id, code))[0],
        link_hash=hashes(_link_text(flow_id, link))[0],
        asked_at=now,
        code_until=now + lasts,
        link_until=now + LINK_LASTS,
        enrolling=enrolling,
        long=long,
        message_id=message_id,
    )


def among(asked: tuple[Asked, ...], new: Asked) -> tuple[Asked, ...]:
    """The open questions with a new one; the oldest gives way."""
    return (*asked, new)[-CODES_SIDE_BY_SIDE:]


def check(asked: tuple[Asked, ...], *, flow_id: str, code: str, now: datetime, hashes: Hashes, short_allowed: bool) -> Right | Wrong:
    """Judge a typed code. ``short_allowed``: whether six-digit codes are open in this lane today."""
    tried = hashes(_code_text(flow_id, plain(code)))
    right = None
    for one in asked:
        matches = any(hmac.compare_digest(one.code_hash, h) for h in tried)
        if matches and now < one.code_until and (one.long or (short_allowed and one.wrong < WRONG_CODES)):
            right = one
    if right is not None:
        return Right(right)
    return Wrong(tuple(replace(one, wrong=one.wrong if one.long else one.wrong + 1) for one in asked))


def check_link(asked: tuple[Asked, ...], *, flow_id: str, link: str, now: datetime, hashes: Hashes) -> Right | Wrong:
    """Judge the secret of an opened link. A wrong one counts against nothing: 256 bits need no throttle."""
    tried = hashes(_link_text(flow_id, link))
    for one in asked:
        if any(hmac.compare_digest(one.link_hash, h) for h in tried) and now < one.link_until:
            return Right(one)
    return Wrong(asked)


def plain(code: str) -> str:
    """What the person meant: full-width digits, spaces, dashes and letter case do not matter."""
    digits = "".join(str(int(c)) if c.isdecimal() else c for c in code)
    return "".join(c for c in digits if c.isalnum()).upper()


def _code_text(flow_id: str, code: str) -> str:
    """``code``: as it was sent, which is plain, or made plain by the caller. A secret in its place that nobody is told has letters that
    no typed code has."""
    return f"code:{flow_id}:{code}"


def _link_text(flow_id: str, link: str) -> str:
    return f"link:{flow_id}:{link}"
