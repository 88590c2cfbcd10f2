"""What a flow is for, beside its action: the values that it will put into the account when the policy allows."""

from sparekey.domain.values import Struct


class Wants(Struct, frozen=True):
    """Empty strings where an action has no use for a field. ``password_hash``: already hashed, never the password."""

    name: str = ""
    language: str = ""
    user_name: str = ""
    password_hash: str = ""
    address: str = ""
    """The new address as it will be written to; for removing or making main, the id of one the account has."""
    address_key: str = ""
    given_up: bool = False
    """The address to be removed is not the owner's any more."""
    session_id: str = ""
    factor_kind: str = ""
    """The kind of factor to be added; a name of ``FactorKind``."""
    factor_id: str = ""
    """The factor to be removed or reported stolen; empty for all second factors."""
    label: str = ""
    """What the owner calls the factor to be added."""
    flow_id: str = ""
    """The flow that is cancelled or objected to; for approving a computer's sign-in, the question of its QR code."""
    confirmation_id: str = ""
    """What a site asked to be confirmed."""


NOTHING = Wants()
