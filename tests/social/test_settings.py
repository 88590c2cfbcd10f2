"""Which providers are set up, and which settings stop the start."""

import pytest

from sparekey.domain.errors import BadSettings
from sparekey.settings import read_settings

pytestmark = pytest.mark.row("I5")

OIDC = {"OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_ID": "x"}
PRODUCTION = {"MODE": "production", "BASE_URL": "https://id.example.com", "SMTP": "smtp://m", "MAIL_FROM": "a@example.com"}


def read(given: dict[str, str]) -> None:
    read_settings({f"SPAREKEY_{name}": value for name, value in given.items()})


@pytest.mark.parametrize(
    "given",
    [
        OIDC,
        {**OIDC, **PRODUCTION},
        {"VK_CLIENT_ID": "x"},
        {"GOOGLE_CLIENT_ID": "x", "GOOGLE_CLIENT_SECRET": "y"},
        {**OIDC, "OIDC_ISSUER": "http://localhost:8080"},
        {"PROFILE": "strict"},
    ],
)
def test_what_makes_sense_is_taken(given: dict[str, str]) -> None:
    read(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"GOOGLE_CLIENT_ID": "x"}, "SPAREKEY_GOOGLE_CLIENT_ID and _SECRET"),
        ({"FACEBOOK_CLIENT_SECRET": "canary"}, "SPAREKEY_FACEBOOK_CLIENT_ID and _SECRET"),
        ({"OIDC_ISSUER": "https://login.example.com"}, "SPAREKEY_OIDC_ISSUER and _CLIENT_ID"),
        ({**OIDC, "OIDC_ISSUER": "http://login.example.com"}, "https://"),
        ({**OIDC, "OIDC_ISSUER": "login.example.com"}, "https://"),
        ({**OIDC, **PRODUCTION, "OIDC_ISSUER": "http://localhost:8080"}, "https://"),
        ({**OIDC, "PROFILE": "strict"}, "strict"),
        ({"VK_CLIENT_ID": "x", "PROFILE": "strict"}, "strict"),
        ({"GOOGLE_CLIENT": "x"}, "unknown setting: SPAREKEY_GOOGLE_CLIENT"),
    ],
)
def test_what_does_not_stops_the_start_with_one_line(given: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says) as refused:
        read(given)
    assert "canary" not in str(refused.value)
