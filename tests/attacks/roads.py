"""What in the code can open a session, found by reading it: which functions lead to one, by name, whoever calls them.

Nothing is run. A function leads to whatever it names: what it imports from this package, and what stands beside it in its file. That finds
too much rather than too little.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import sparekey

SOURCE = Path(sparekey.__file__).parent

Names = Mapping[str, frozenset[str]]
"""Each name of a module, ``module:name``, and the names that it uses."""


def sources() -> dict[str, str]:
    """Every module of the server, by its name, without what only the command line uses."""
    files = [p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts]
    return {".".join(("sparekey", *p.relative_to(SOURCE).with_suffix("").parts)): p.read_text() for p in files}


def named(texts: Mapping[str, str]) -> Names:
    found: dict[str, frozenset[str]] = {}
    for module, text in texts.items():
        tree = ast.parse(text)
        imported = dict(_imports(tree))
        own = {name for statement in tree.body for name in _defined(statement)}
        for statement in tree.body:
            uses = frozenset(_used(statement, module, imported, own))
            for name in _defined(statement):
                found[f"{module}:{name}"] = found.get(f"{module}:{name}", frozenset()) | uses
    return found


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("sparekey"):
            for alias in statement.names:
                yield alias.asname or alias.name, f"{statement.module}:{alias.name}"


def _defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (t.id for t in targets if isinstance(t, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            pass


def _used(statement: ast.stmt, module: str, imported: Mapping[str, str], own: Iterable[str]) -> Iterator[str]:
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name) if name in imported:
                yield imported[name]
            case ast.Name(id=name) if name in set(own):
                yield f"{module}:{name}"
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in imported:  # a module that was imported
                yield f"{imported[name].replace(':', '.')}:{attribute}"
            case ast.Attribute(value=ast.Attribute(attr="sessions"), attr="add"):
                yield OPENS
            case ast.Call(func=ast.Name(id="replace"), keywords=given) if any(k.arg == "limited" for k in given):
                yield OPENS
            case _:
                pass


OPENS = "a session is opened, or is made good for everything"


def leading(names: Names) -> frozenset[str]:
    """Every name from which a session can be reached."""
    users: dict[str, set[str]] = {}
    for name, uses in names.items():
        for used in uses:
            users.setdefault(used, set()).add(name)
    found, left = {OPENS}, [OPENS]
    while left:
        for user in users.get(left.pop(), ()):
            if user not in found:
                found.add(user)
                left.append(user)
    return frozenset(found)


def entries(names: Names, handlers: Iterable[str]) -> frozenset[str]:
    """The use cases by which these handlers reach a session: the first of each way."""
    to_session, seen, found = leading(names), set[str](), set[str]()
    left = list(handlers)
    while left:
        name = left.pop()
        if name in seen or name not in to_session:
            continue
        seen.add(name)
        if name.startswith("sparekey.use_cases."):
            found.add(name.partition(":")[2])
        else:
            left.extend(names.get(name, ()))
    return frozenset(found)
