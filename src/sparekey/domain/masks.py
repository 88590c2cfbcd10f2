"""How an address is shown to someone who may not be its owner: enough to recognise one's own."""


def masked(typed: str) -> str:
    """``anna@example.com`` → ``a•••@example.com``; a number in E.164 keeps its ends, ``+37120000001`` → ``+37•••01``; any other name its
    first character. Fixed width: the length is not told."""
    if typed.startswith("+") and typed[1:].isdecimal():
        return f"{typed[:3]}•••{typed[-2:]}"
    local, at, domain = typed.partition("@")
    return f"{local[:1]}•••{at}{domain}"
