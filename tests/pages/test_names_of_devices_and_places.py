"""What the owner of a session recognises it by (I7): the device's name and the place."""

from pathlib import Path

import pytest

from sparekey.adapters.places import open_places
from sparekey.domain.devices import device_name
from sparekey.domain.errors import BadSettings

PLACES = Path(__file__).parent / "data" / "places.mmdb"
"""Networks of RFC 5737 and RFC 3849, made with mmdb-writer."""

pytestmark = pytest.mark.row("I7")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "Chrome · Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0.0.0 YaBrowser/25.8.0.0 Safari/537.36", "Yandex Browser · Windows"),
        (
            "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
            "Samsung Internet · Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari · iPhone",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "Safari · Mac",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
        ("Windows", "Windows"),
        ("call +1 555 0100 at once <b>Bank</b>", ""),
        ("x" * 600 + "Firefox/140.0", ""),
    ],
)
def test_a_device_has_a_name_of_ours_or_none(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


@pytest.mark.parametrize(
    ("network", "place"),
    [
        ("192.0.2.7", "Riga, Latvia"),
        ("2001:db8::1", "Japan"),
        ("198.51.100.1", ""),
        ("203.0.113.1", ""),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_a_place_comes_from_the_operators_file(network: str, place: str) -> None:
    assert open_places(str(PLACES)).place_of(network) == place


def test_without_a_file_no_place_is_known() -> None:
    assert open_places("").place_of("192.0.2.7") == ""


def test_a_bad_file_is_one_clear_line_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "bad.mmdb").write_text("no database")
    for path in (tmp_path / "bad.mmdb", tmp_path / "absent.mmdb"):
        with pytest.raises(BadSettings, match="SPAREKEY_PLACE_FILE"):
            open_places(str(path))
