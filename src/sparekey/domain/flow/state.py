"""The states of a flow, who acts next in each, and MOVES: the table of every move.

A flow is one person's way to one action. It gathers proofs until the policy answers something other than *ask*. All that
can happen to it is one of the moves below; what is not in the table cannot happen and raises ``WrongStep``, also for a state
that a later release adds. Five moves are the five verdicts of the policy (after a proof, or after "I have no other way"); the
others are time that passed, the change that was made, and an end from outside (replaced, disowned).

Nothing leads out of the four last states. Expiry is not a move: a flow past ``expires_at`` accepts none (``flow.step``).
"""

from enum import StrEnum, unique

from sparekey.domain.errors import WrongStep


@unique
class State(StrEnum):
    ASKING = "asking"  # the person acts next: prove something, or say "nothing more"
    WAITING = "waiting"  # time acts next; a stronger proof may still shorten it by the policy
    ALLOWED = "allowed"  # the person acts next: gives what the action needs (the new password, the code of a new address)
    REFERRED = "referred"  # over; support acts next
    DENIED = "denied"  # over
    DONE = "done"  # over; the action was carried out
    ENDED = "ended"  # over; replaced or disowned


@unique
class Move(StrEnum):
    ASK = "ask"
    ALLOW = "allow"
    DELAY = "delay"
    REFER = "refer"
    DENY = "deny"
    RIPEN = "ripen"
    CARRY_OUT = "carry_out"
    END = "end"


MOVES: dict[State, dict[Move, State]] = {
    State.ASKING: {
        Move.ASK: State.ASKING,
        Move.ALLOW: State.ALLOWED,
        Move.DELAY: State.WAITING,
        Move.REFER: State.REFERRED,
        Move.DENY: State.DENIED,
        Move.END: State.ENDED,
    },
    State.WAITING: {
        Move.ASK: State.WAITING,
        Move.ALLOW: State.ALLOWED,
        Move.DELAY: State.WAITING,
        Move.REFER: State.REFERRED,  # what was shown left the account meanwhile
        Move.DENY: State.DENIED,
        Move.RIPEN: State.ALLOWED,
        Move.END: State.ENDED,
    },
    State.ALLOWED: {
        Move.ALLOW: State.ALLOWED,  # the proof of enrolling a new address or factor
        Move.DELAY: State.WAITING,  # somebody else is told first (a number that changes hands)
        Move.CARRY_OUT: State.DONE,
        Move.END: State.ENDED,
    },
    State.REFERRED: {},
    State.DENIED: {},
    State.DONE: {},
    State.ENDED: {},
}

OPEN = frozenset(state for state, moves in MOVES.items() if moves)
"""States from which something can still happen."""


def move(state: State, by: Move) -> State:
    """The state after one move. Raises ``WrongStep`` for a move that is not in the table."""
    try:
        return MOVES[state][by]
    except KeyError:
        raise WrongStep(f"no move {by} from {state}") from None
