"""QR codes (ISO/IEC 18004), drawn into the page itself: no picture is fetched, and no address holds what they say."""

import segno

from sparekey.use_cases.pairing import Pairing
from sparekey.web.pages.views import PairingView
from sparekey.web.pages.visit import Visit

GROUP = 4
"""Characters side by side of what is to be typed."""


def svg_of(text: str) -> str:
    """Black on white in every colour scheme, with the quiet zone that scanners need; as large as its box."""
    return segno.make_qr(text, error="m").svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)


def pairing_view(visit: Visit, pairing: Pairing) -> PairingView:
    """The code is behind the ``#``: a browser sends it to no server, so it stands in no log."""
    groups = " ".join(pairing.code[n : n + GROUP] for n in range(0, len(pairing.code), GROUP))
    return PairingView(groups, pairing.code, svg_of(f"{visit.door.origin}/approve#{pairing.code}"), pairing.until)
