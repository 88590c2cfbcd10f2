"""How an address is shown to someone who may not be its owner: enough to recognise one's own."""


def masked(typed: str) -> str:
    """``anna@example.com`` → ``a•••@example.com``; a name without ``@`` keeps its first character. Fixed width: the length is not told."""
    local, at, domain = typed.partition("@")
    return f"{local[:1]}•••{at}{domain}"
