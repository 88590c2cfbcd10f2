"""Reading a cookie: one way for pages and for the short road of session checks, so that both see the same person."""

from collections.abc import Iterable


def cookie_among(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """The value as it was sent (RFC 6265, 4.2: quotes are part of it), or empty where there is none. ``headers``: of an ASGI scope.

    Of two cookies with one name neither counts: other software on our host has set one of them, and which one cannot be told.
    """
    begins = name + b"="
    values = [
        pair[len(begins) :]
        for header, value in headers
        if header == b"cookie"
        for part in value.split(b";")
        if (pair := part.strip()).startswith(begins)
    ]
    return values[0].decode("latin-1") if len(values) == 1 else ""
