"""An account elsewhere: the browser is sent to its provider and comes back with a code, which only we can exchange.

What goes along protects the way: the *state* binds the answer to one flow of one browser (RFC 6749, 10.12), the *nonce* binds the
token to this visit (OpenID Connect Core 1.0, 3.1.2.1), the *code verifier* binds the code to us (RFC 7636). All three are 256 random
bits, used once.
"""

import base64
import hashlib
import hmac
from datetime import datetime

from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.flow.asked import Handshake
from sparekey.domain.flow.flow import ID_LENGTH
from sparekey.domain.proofs import Proof
from sparekey.domain.values import Struct


class Asked(Struct, frozen=True):
    """What is kept of a visit, sealed. ``back``: the page to which the person wanted to go."""

    state: str
    nonce: str
    code_verifier: str
    redirect_uri: str
    back: str


def ask(flow_id: str, *, tokens: tuple[str, str, str], redirect_uri: str, back: str) -> Asked:
    """``tokens``: three secrets of 256 random bits, URL-safe."""
    state, nonce, code_verifier = tokens
    return Asked(f"{flow_id}{state}", nonce, code_verifier, redirect_uri, back)


def code_challenge(asked: Asked) -> str:
    """RFC 7636, 4.2, method S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(asked.code_verifier.encode()).digest()).rstrip(b"=").decode()


def flow_of(state: str) -> str:
    """The id of the flow that a state is of, with which it begins, as far as it says; whether it is that flow's is for ``check``."""
    return state[:ID_LENGTH]


def is_open(handshake: Handshake | None, provider: str, now: datetime) -> bool:
    """Whether a visit to this provider is under way: an answer of another one is no answer (mix-up, RFC 9700, 4.4)."""
    return handshake is not None and handshake.provider == provider and now < handshake.until


def check(asked: Asked, state: str) -> bool:
    """Whether an answer is to this question."""
    return hmac.compare_digest(asked.state.encode(), state.encode("utf-8", "replace"))


def proof(factor: Factor, now: datetime) -> Proof:
    return Proof(FactorKind.SOCIAL, factor.factor_id, factor.thing, now)
