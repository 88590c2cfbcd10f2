"""Settings: small classes put together. Read from the environment (``SPAREKEY_…``); an unknown name is an error.

Two settings classes never share a field. What weakens the server begins with ``insecure_``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from sparekey.domain.errors import BadSettings

PREFIX = "SPAREKEY_"

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the people see, and where. ``mode``: in development the mailbox and phone under ``/dev`` take all messages."""

    mode: Literal["development", "production"] = "development"
    name: str = "Sparekey"
    base_url: str = ""
    """Scheme and host that people use, without a path: links in mails are made of it alone. Required in production."""
    profile: Literal["shop", "strict"] = "shop"
    policy_dir: str = ""
    """A folder of own policy files, each replacing or adding one action."""
    place_file: str = ""
    """An MMDB file of the operator's, for the places of devices; without it "place unknown"."""
    second_factor: Literal["optional", "required"] = "optional"
    """Whether every account must have a second factor; single ones: ``sparekey accounts require-second-factor``."""
    secret_question: Literal["off", "on"] = "off"
    """Whether people may answer a secret question, as a weak statement in a support case; it breaks standards, and strict refuses it."""
    site_words: str = ""
    """Comma-separated: what a stranger knows of the site beside its name and host (products, brands, former names), hence no password."""
    region: str = ""
    """Two letters (``DE``): phone numbers written the national way are read as numbers of this country."""


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Port = 8400
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    trusted_proxies: str = ""
    """Comma-separated addresses or networks whose X-Forwarded-For is believed."""
    insecure_no_volume_limits: bool = False
    """For measuring only; guess counters stay. Refused in production."""
    worker: Literal["inside", "apart"] = "inside"
    """Whether messages are delivered by ``serve`` itself or by ``sparekey worker`` on another node."""


class Storage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    data: str = "./var"
    """Folder of the embedded database, the keys and the audit seals."""
    database: str = ""
    """``postgresql://user@host:port/name``; empty means SQLite in the data folder."""
    keys_file: str = ""
    """Where the keys are; empty means ``keys.json`` in the data folder. Keep it off the database's disk and backups."""
    keys: str = ""
    """The keys themselves, as the JSON of a keys file, for places that hand secrets over in the environment (see docs/keys.md)."""
    audit_seals_file: str = ""
    """Where the audit log is sealed; empty means ``audit-seals.jsonl`` in the data folder. Keep it off the database's disk."""
    breached_file: str = ""
    """A set of breached passwords made by ``sparekey passwords build-filter``; the shipped list is always used as well."""
    breached_range_url: str = ""
    """A service that speaks the range protocol of Have I Been Pwned, like ``https://api.pwnedpasswords.com/range``. It is sent the
    first five digits of a password's SHA-1, never more; empty means that no service is asked."""


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One SMTP server, and a second one for when the first refuses. ``smtp``: ``smtp://user:password@host:587``,
    ``smtps://…`` for TLS from the first byte; with ``smtp://`` STARTTLS is required."""

    smtp: str = ""
    smtp_second: str = ""
    smtp_ca_file: str = ""
    insecure_smtp_plain: bool = False
    mail_from: str = ""
    mail_answers: str = ""
    """An address whose mail is handed to ``sparekey receive-mail``: then people can answer mails of their support cases. What follows a
    plus in its local part is ours."""


class Sms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sms``: ``none``, ``twilio`` (its HTTP interface, also spoken by others), or ``webhook`` (our JSON, signed)."""

    sms: Literal["none", "twilio", "webhook"] = "none"
    sms_url: str = ""
    sms_account: str = ""
    sms_secret: str = ""
    sms_from: str = ""


class Social(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Providers at which people may have accounts (docs/social.md). One that is not set up is offered nowhere."""

    google_client_id: str = ""
    google_client_secret: str = ""
    facebook_client_id: str = ""
    facebook_client_secret: str = ""
    vk_client_id: str = ""
    """VK ID has no secret for us: PKCE stands in for it."""
    vk_url: str = "https://id.vk.ru"
    oidc_issuer: str = ""
    """Any OpenID Connect provider, exactly as its discovery document names the issuer."""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "OpenID"
    """What the button says after "Continue with"."""
    social_redirects: str = ""
    """Comma-separated addresses of programs to which providers may send people back, beside our own."""

    @property
    def any(self) -> bool:
        return any((self.google_client_id, self.facebook_client_id, self.vk_client_id, self.oidc_client_id))


class Shop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shop beside us (docs/shop.md): what it shows when it asks us, and where it is told of changes, in signed webhooks."""

    shop_secret: str = ""
    shop_url: str = ""
    """Scheme and host of its pages, without a path: only there people are led back to."""
    shop_webhook: str = ""
    shop_webhook_secret: str = ""


class Settings(msgspec.Struct, frozen=True):
    site: Site
    server: Server
    storage: Storage
    mail: Mail
    sms: Sms
    social: Social
    shop: Shop = Shop()

    @property
    def development(self) -> bool:
        return self.site.mode == "development"

    @property
    def data_dir(self) -> Path:
        return Path(self.storage.data)

    @property
    def base_url(self) -> str:
        return self.site.base_url.rstrip("/") or f"http://localhost:{self.server.port}"

    @property
    def secure(self) -> bool:
        """Whether people come by https; only then cookies are ``__Host-`` and ``Secure``."""
        return urlsplit(self.base_url).scheme == "https"


Part = TypeVar("Part", bound=msgspec.Struct)

CLASSES: tuple[type[msgspec.Struct], ...] = (Site, Server, Storage, Mail, Sms, Social, Shop)
"""Every settings class; their fields are the names that may follow ``SPAREKEY_``."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read all ``SPAREKEY_…`` names of an environment.

    Raises ``BadSettings`` with one line that names the setting, for an unknown name, a bad value, or a combination that
    production refuses.
    """
    given = {k.removeprefix(PREFIX).lower(): v for k, v in environment.items() if k.startswith(PREFIX)}
    settings = Settings(
        site=_part(Site, given),
        server=_part(Server, given),
        storage=_part(Storage, given),
        mail=_part(Mail, given),
        sms=_part(Sms, given),
        social=_part(Social, given),
        shop=_part(Shop, given),
    )
    if given:
        raise BadSettings(f"unknown setting: {', '.join(sorted(PREFIX + k.upper() for k in given))}")
    _refuse(settings)
    return settings


def _part(kind: type[Part], given: dict[str, str]) -> Part:
    """Takes out of ``given`` what one class knows."""
    mine = {f: given.pop(f) for f in kind.__struct_fields__ if f in given}
    try:
        return msgspec.convert(mine, kind, strict=False)
    except msgspec.ValidationError as e:
        raise BadSettings(f"bad value in the environment: {e} (names: {', '.join(PREFIX + m.upper() for m in mine)})") from None


def _refuse(s: Settings) -> None:
    url = urlsplit(s.base_url)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path not in {"", "/"} or url.query:
        raise BadSettings(f"SPAREKEY_BASE_URL must be scheme and host only, like https://id.example.com: {s.base_url}")
    _refuse_social(s)
    _refuse_shop(s)
    if s.site.site_words and any(sum(c.isalnum() for c in word) < 2 for word in s.site.site_words.split(",")):
        raise BadSettings("SPAREKEY_SITE_WORDS is words with commas between, each with two letters or digits at least")
    if s.mail.mail_answers and not re.fullmatch(r"[A-Za-z0-9_.-]{1,30}@[A-Za-z0-9.-]+", s.mail.mail_answers):
        raise BadSettings("SPAREKEY_MAIL_ANSWERS is one plain address without a plus, like help@example.com")
    if s.site.profile == "strict" and s.site.secret_question == "on":
        raise BadSettings("the strict profile has no secret question: take out SPAREKEY_SECRET_QUESTION")
    if s.development:
        return
    if not s.site.base_url:
        raise BadSettings("SPAREKEY_BASE_URL is required in production: links in mails are made of it")
    if not s.secure:
        raise BadSettings("SPAREKEY_BASE_URL must begin with https:// in production")
    if not s.mail.smtp or not s.mail.mail_from:
        raise BadSettings("SPAREKEY_SMTP and SPAREKEY_MAIL_FROM are required in production: without mail nobody gets back in")
    if s.server.insecure_no_volume_limits:
        raise BadSettings("SPAREKEY_INSECURE_NO_VOLUME_LIMITS is refused in production")
    if s.mail.insecure_smtp_plain:
        raise BadSettings("SPAREKEY_INSECURE_SMTP_PLAIN is refused in production")


LEAST_SHOP_SECRET = 32
"""Characters: 24 random bytes in base64."""


def _refuse_shop(s: Settings) -> None:
    shop = s.shop
    if shop.shop_secret and (len(shop.shop_secret) < LEAST_SHOP_SECRET or not shop.shop_secret.isascii()):
        raise BadSettings(f"SPAREKEY_SHOP_SECRET must be at least {LEAST_SHOP_SECRET} random characters")
    url = urlsplit(shop.shop_url)
    if shop.shop_url and (url.scheme not in {"http", "https"} or not url.hostname or shop.shop_url != f"{url.scheme}://{url.netloc}"):
        raise BadSettings(f"SPAREKEY_SHOP_URL must be scheme and host only, like https://shop.example.com: {shop.shop_url}")
    if shop.shop_url and url.scheme != "https" and not s.development:
        raise BadSettings("SPAREKEY_SHOP_URL must begin with https:// in production")
    if bool(shop.shop_webhook) != bool(shop.shop_webhook_secret):
        raise BadSettings("SPAREKEY_SHOP_WEBHOOK and _WEBHOOK_SECRET are set together, or not at all")
    if shop.shop_webhook and shop.shop_webhook_secret.removeprefix("whsec_") == shop.shop_secret.removeprefix("whsec_"):
        raise BadSettings("SPAREKEY_SHOP_SECRET and SPAREKEY_SHOP_WEBHOOK_SECRET are two secrets")
    loopback = s.development and urlsplit(shop.shop_webhook).hostname in {"localhost", "127.0.0.1"}
    if shop.shop_webhook and urlsplit(shop.shop_webhook).scheme != "https" and not loopback:
        raise BadSettings("SPAREKEY_SHOP_WEBHOOK must begin with https://")


def _refuse_social(s: Settings) -> None:
    p = s.social
    halves = {
        "GOOGLE_CLIENT_ID and _SECRET": (p.google_client_id, p.google_client_secret),
        "FACEBOOK_CLIENT_ID and _SECRET": (p.facebook_client_id, p.facebook_client_secret),
        "OIDC_ISSUER and _CLIENT_ID": (p.oidc_issuer, p.oidc_client_id),
    }
    for names, both in halves.items():
        if any(both) and not all(both):
            raise BadSettings(f"SPAREKEY_{names} are set together, or not at all")
    if s.site.profile == "strict" and p.any:
        raise BadSettings("the strict profile has no signing in with accounts elsewhere: take out the client ids of the providers")
    loopback = s.development and urlsplit(p.oidc_issuer).hostname in {"localhost", "127.0.0.1"}
    if p.oidc_issuer and urlsplit(p.oidc_issuer).scheme != "https" and not loopback:
        raise BadSettings("SPAREKEY_OIDC_ISSUER must begin with https://")
