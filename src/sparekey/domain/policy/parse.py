"""From the texts of the policy files to a ``Policy``. Whatever is not understood is refused with one line."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any, TypeVar

from sparekey.domain.actions import RECOVERIES, Action, is_own
from sparekey.domain.errors import BadSettings
from sparekey.domain.factors import FactorKind, ThingKind
from sparekey.domain.policy.conditions import VOCABULARY, Takes, Word
from sparekey.domain.policy.model import ActionPolicy, Capability, Closure, LostTogether, Policy, Profile, Route, Then
from sparekey.domain.sessions import LONGEST_SESSION, SHORTEST_IDLE, SessionRules

THINGS = "things"
"""A file that is no action: what is often lost together, and who can be told of a wait."""

CAPABILITIES = "capabilities"
"""Another file that is no action: what is withheld while an account is frozen, disputed or just recovered."""

SESSIONS = "sessions"
"""The third: how long a session lasts."""

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME = 40
LARGEST_NUMBER = 100_000  # eleven years in hours

LONGEST_QUARANTINE = timedelta(days=14)
"""That after a case (mission.md, R11)."""

Named = TypeVar("Named", Then, Profile, Closure, FactorKind, ThingKind)


def standard_texts() -> dict[str, str]:
    """The policy files that ship, by name without ``.toml``."""
    folder = files("sparekey.domain.policy") / "standard"
    return {f.name.removesuffix(".toml"): f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".toml")}


def load_policy(profile: str, own_texts: Mapping[str, str]) -> Policy:
    """The standard policy, with a site's own files in place of those of the same name, or beside them.

    ``own_texts``: TOML by file name without ``.toml``. Raises ``BadSettings`` with one line naming file and heading.
    """
    return parse_policy(profile, {**standard_texts(), **own_texts})


def parse_policy(profile: str, texts: Mapping[str, str]) -> Policy:
    """A policy out of these texts alone. Raises ``BadSettings`` with one line naming file and heading."""
    if profile not in set(Profile):
        raise BadSettings(f"there is no profile {profile!r}; there are: {_listed(Profile)}")
    missing = [name for name in (THINGS, CAPABILITIES, SESSIONS, *Action) if name not in texts]
    if missing:
        raise BadSettings(f"the policy lacks the file {missing[0]}.toml")
    tables = {name: _table(name, text) for name, text in sorted(texts.items())}
    lost_together, witnesses = _things(tables.pop(THINGS))
    capabilities = tables.pop(CAPABILITIES)
    which = Profile(profile)
    sessions = _sessions(tables.pop(SESSIONS), which)
    known = frozenset(tables)
    sign_in_asks = _asks("sign_in", tables["sign_in"], which, ())
    actions = {name: _action(name, table, which, known, sign_in_asks) for name, table in tables.items()}
    return Policy(
        profile=which,
        actions=actions,
        lost_together=lost_together,
        witnesses=witnesses,
        sessions=sessions,
        capabilities=_capabilities(capabilities, actions),
    )


def _table(name: str, text: str) -> dict[str, Any]:
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise BadSettings(f"{name}.toml: a policy file is named after its action, in lower-case words joined by underscores")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise BadSettings(f"{name}.toml: not TOML: {e}") from None


def _things(table: dict[str, Any]) -> tuple[tuple[LostTogether, ...], tuple[FactorKind, ...]]:
    _only(THINGS, table, ("witnesses", "lost_together"))
    witnesses = _kinds(f"{THINGS}.toml, witnesses", table.get("witnesses"))
    groups = []
    for name, group in _headings(THINGS, table, "lost_together").items():
        where = f"{THINGS}.toml, lost_together.{name}"
        _only(where, group, ("things", "why", "in_hand"))
        things = frozenset(_one_of(where, t, ThingKind) for t in _list(f"{where}, things", group.get("things")))
        if len(things) < 2:
            raise BadSettings(f"{where}: names at least two kinds of thing")
        in_hand = group.get("in_hand", False)
        if not isinstance(in_hand, bool):
            raise BadSettings(f"{where}: in_hand is true or false")
        groups.append(LostTogether(name=name, things=things, why=_text(where, group, "why"), in_hand=in_hand))
    return tuple(groups), witnesses


def _sessions(table: dict[str, Any], profile: Profile) -> SessionRules:
    _only(f"{SESSIONS}.toml", table, tuple(Profile))
    where, words = f"{SESSIONS}.toml, {profile}", table.get(profile)
    if not isinstance(words, dict):
        raise BadSettings(f"{SESSIONS}.toml: lacks the heading [{profile}]")
    _only(where, words, ("why", "lasts_hours", "idle_minutes"))
    _text(where, words, "why")
    lasts = timedelta(hours=_number(f"{where}, lasts_hours", words.get("lasts_hours")))
    idle = timedelta(minutes=_number(f"{where}, idle_minutes", words["idle_minutes"])) if "idle_minutes" in words else None
    if lasts > LONGEST_SESSION:
        raise BadSettings(f"{where}, lasts_hours: is at most {LONGEST_SESSION // timedelta(hours=1)}, which is 30 days")
    if idle is not None and not SHORTEST_IDLE <= idle <= lasts:
        raise BadSettings(
            f"{where}, idle_minutes: is at least {SHORTEST_IDLE // timedelta(minutes=1)}, and no longer than the session lasts"
        )
    return SessionRules(lasts, idle)


def _capabilities(table: dict[str, Any], actions: Mapping[str, ActionPolicy]) -> tuple[Capability, ...]:
    """Those of this profile: what is not offered need not be withheld."""
    _only(f"{CAPABILITIES}.toml", table, ("capability",))
    found = []
    for name, words in _headings(CAPABILITIES, table, "capability").items():
        where = f"{CAPABILITIES}.toml, capability.{name}"
        _only(where, words, ("about", "withheld_while", "actions"))
        if ("withheld_while" in words) == ("actions" in words):
            raise BadSettings(f"{where}: says withheld_while, or names its actions, which say it themselves")
        named = _list(f"{where}, actions", words.get("actions", []))
        if unknown := [a for a in named if a not in tuple(actions)]:
            raise BadSettings(f"{where}, actions: names an action that has no file: {unknown[0]!r}")
        offered = tuple(a for a in named if actions[a].offered)
        said = _list(f"{where}, withheld_while", words.get("withheld_while", []))
        closed = {_one_of(f"{where}, withheld_while", c, Closure) for c in said}.union(*(actions[a].closed_while for a in offered))
        if offered or not named:
            found.append(Capability(name=name, about=_text(where, words, "about"), withheld_while=frozenset(closed), actions=offered))
    return tuple(found)


def _action(
    name: str, table: dict[str, Any], profile: Profile, known: frozenset[str], sign_in_asks: tuple[FactorKind, ...]
) -> ActionPolicy:
    _only(f"{name}.toml", table, ("about", "profiles", "ask", "opens_account", "closed_while", "or_else", "for_agents", "route"))
    routes = tuple(_route(name, heading, words, known) for heading, words in _headings(name, table, "route").items())
    if not routes:
        raise BadSettings(f"{name}.toml: has no route, so nobody could ever do this")
    closed = _list(f"{name}.toml, closed_while", table.get("closed_while", []))
    opens = table.get("opens_account", False)
    if not isinstance(opens, bool):
        raise BadSettings(f"{name}.toml: opens_account is true or false")
    if name == Action.CHANGE_CONTACTS and any(r.then is not Then.WAIT for r in routes):
        raise BadSettings(f"{name}.toml: every route waits, so that the owner hears of it and friends have time to accept")
    if is_own(name) and any(r.then is not Then.ALLOW for r in routes):
        raise BadSettings(f'{name}.toml: an action of your own is allowed or not, so every route says then = "allow"')
    or_else = table.get("or_else", "")
    if or_else and or_else not in tuple(known):
        raise BadSettings(f"{name}.toml: or_else names an action that has no file: {or_else!r}")
    return ActionPolicy(
        action=name,
        about=_text(f"{name}.toml", table, "about"),
        routes=tuple(r for r in routes if profile in r.profiles),
        ask=_asks(name, table, profile, sign_in_asks),
        offered=profile in _profiles(f"{name}.toml", table),
        opens_account=opens,
        closed_while=frozenset(_one_of(f"{name}.toml, closed_while", c, Closure) for c in closed),
        or_else=or_else,
        for_agents=_for_agents(name, table, routes),
    )


def _for_agents(name: str, table: dict[str, Any], routes: Iterable[Route]) -> frozenset[str] | None:
    if "for_agents" not in table:
        return None
    where, known = f"{name}.toml, for_agents", tuple(r.name for r in routes)
    named = _list(where, table["for_agents"])
    if unknown := [n for n in named if n not in known]:
        raise BadSettings(f"{where}: there is no route {unknown[0]!r}")
    return frozenset(named)


def _asks(name: str, table: dict[str, Any], profile: Profile, otherwise: tuple[FactorKind, ...]) -> tuple[FactorKind, ...]:
    """``ask`` is one list, or one for each profile; without it, what is asked at sign-in."""
    asks = table.get("ask")
    if asks is None:
        return otherwise
    if not isinstance(asks, dict):
        return _kinds(f"{name}.toml, ask", asks)
    _only(f"{name}.toml, ask", asks, tuple(Profile))
    lists = {p: _kinds(f"{name}.toml, ask.{p}", asks.get(p)) for p in Profile}
    return lists[profile]


def _route(name: str, heading: str, words: dict[str, Any], known: frozenset[str]) -> Route:
    where = f"{name}.toml, route.{heading}"
    if not NAME.fullmatch(heading):
        raise BadSettings(f"{where}: a route is named in lower-case words joined by underscores")
    _only(where, words, ("why", "profiles", "then", "wait_hours", "quarantine_hours", *VOCABULARY))
    if "then" not in words:
        raise BadSettings(f"{where}: lacks then, one of: {_listed(Then)}")
    then = _one_of(where, words["then"], Then)
    if (then is Then.WAIT) != ("wait_hours" in words):
        raise BadSettings(f'{where}: wait_hours belongs to then = "wait", and to nothing else')
    wait = timedelta(hours=_number(f"{where}, wait_hours", words["wait_hours"])) if then is Then.WAIT else timedelta(0)
    quarantine = _quarantine(where, name, then, words)
    values = {w: _value(f"{where}, {w}", VOCABULARY[w], words[w], known) for w in VOCABULARY if w in words}
    why, profiles = _text(where, words, "why"), _profiles(where, words)
    return Route(name=heading, why=why, then=then, wait=wait, quarantine=quarantine, profiles=profiles, needs=tuple(values), **values)


def _quarantine(where: str, name: str, then: Then, words: dict[str, Any]) -> timedelta:
    """A recovery by a route that forgets to say it has the longest."""
    ends_one = name in RECOVERIES and then is not Then.REFER
    if "quarantine_hours" not in words:
        return LONGEST_QUARANTINE if ends_one else timedelta(0)
    if not ends_one:
        raise BadSettings(f"{where}: quarantine_hours belongs to a route by which a recovery can end, and to nothing else")
    return timedelta(hours=_number(f"{where}, quarantine_hours", words["quarantine_hours"]))


def _value(where: str, word: Word, value: Any, known: frozenset[str]) -> Any:
    match word.takes:
        case Takes.YES:
            if value is not True:
                raise BadSettings(f"{where}: is true, or left out")
            return True
        case Takes.YES_OR_NO:
            if not isinstance(value, bool):
                raise BadSettings(f"{where}: is true or false")
            return value
        case Takes.NUMBER:
            return _number(where, value)
        case Takes.KINDS:
            return _kinds(where, value)
        case Takes.ACTION:
            if value not in tuple(known):
                raise BadSettings(f"{where}: names an action that has no file: {value!r}")
            return value
        case choices:
            if value not in choices:
                raise BadSettings(f"{where}: is one of: {_listed(choices)}")
            return value


def _headings(name: str, table: dict[str, Any], under: str) -> dict[str, dict[str, Any]]:
    headings = table.get(under, {})
    if not isinstance(headings, dict) or not all(isinstance(h, dict) for h in headings.values()):
        raise BadSettings(f"{name}.toml: everything under {under} is a heading, like [{under}.some_name]")
    return headings


def _only(where: str, table: Mapping[str, Any], allowed: Iterable[str]) -> None:
    for word in table:
        if word not in allowed:
            raise BadSettings(f"{where}: unknown word {word!r}; known are: {_listed(allowed)}")


def _profiles(where: str, table: Mapping[str, Any]) -> frozenset[Profile]:
    if "profiles" not in table:
        return frozenset(Profile)
    return frozenset(_one_of(f"{where}, profiles", p, Profile) for p in _list(f"{where}, profiles", table["profiles"]))


def _text(where: str, table: Mapping[str, Any], word: str) -> str:
    text = table.get(word)
    if not isinstance(text, str) or not text.strip():
        raise BadSettings(f"{where}: lacks {word}, a sentence")
    return text


def _number(where: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_NUMBER:
        raise BadSettings(f"{where}: is a whole number from 1 to {LARGEST_NUMBER}")
    return value


def _list(where: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise BadSettings(f'{where}: is a list, like ["one", "other"]')
    return value


def _kinds(where: str, value: object) -> tuple[FactorKind, ...]:
    kinds = tuple(_one_of(where, k, FactorKind) for k in _list(where, value))
    if not kinds:
        raise BadSettings(f"{where}: names at least one kind of proof")
    return kinds


def _one_of(where: str, value: Any, names: type[Named]) -> Named:
    if value not in tuple(names):
        raise BadSettings(f"{where}: unknown name {value!r}; known are: {_listed(names)}")
    return names(value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
