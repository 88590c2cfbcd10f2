"""What a flow about factors may want, judged before it begins."""

from sparekey.domain.accounts import Account, has_second_factor, second_factors
from sparekey.domain.actions import Action
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.domain.factors import PHISHING_RESISTANT
from sparekey.domain.flow.wants import Wants


def check_factor(account: Account, action: str, wants: Wants) -> None:
    """Raises ``InvalidInput`` for a factor that the account has not, for codes that would stand in for nothing, and for a second factor
    where there is no first one to go with it."""
    match action:
        case Action.REMOVE_FACTOR:
            found = any(wants.factor_id in {"", f.factor_id} for f in second_factors(account))
        case Action.REPORT_STOLEN:
            found = any(f.factor_id == wants.factor_id for f in account.enrolled)
        case Action.CHANGE_DETAILS if wants.factor_id:
            found = any(f.factor_id == wants.factor_id for f in account.enrolled)
        case Action.CHANGE_DETAILS if wants.factor_kind:
            found = any(f.kind == wants.factor_kind for f in second_factors(account))
        case Action.ADD_FACTOR if not account.password_hash and wants.factor_kind not in PHISHING_RESISTANT:
            # An account elsewhere and what is in the phone are often lost together (things.toml), so signing in asks for the password
            # as well; without one its owner would need a backup code each time.
            raise InvalidInput(FieldProblem("", "password_first"))
        case Action.RENEW_BACKUP_CODES:
            if not has_second_factor(account):
                raise InvalidInput(FieldProblem("", "backup_codes_alone"))
            found = True
        case _:
            found = True
    if not found:
        raise InvalidInput(FieldProblem("factor", "factor_unknown"))
