"""A name for a device that its owner recognises, from what the browser says of itself: "Chrome · Windows".

A small table on purpose: the name helps to recognise one's own devices and decides nothing. Whatever is not in the table has
no name, and what a stranger writes into the header is never shown.
"""

from typing import Final

MOST_READ: Final = 512
"""Characters of the header that are looked at; browsers send fewer than 300."""

BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""Searched from the top: most browsers also name those that they descend from."""

SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
"""Searched from the top: a phone also says Linux or Mac OS X."""


def device_name(user_agent: str) -> str:
    """Browser and system, such as "Firefox · Linux", the same in every language; one of the two when only one is known, and empty
    when none is."""
    text = user_agent[:MOST_READ]
    browser = next((name for sign, name in BROWSERS if sign in text), "")
    system = next((name for sign, name in SYSTEMS if sign in text), "")
    return f"{browser} · {system}" if browser and system else browser or system
