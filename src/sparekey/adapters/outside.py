"""Everything that asks others over HTTP, behind one client: accounts elsewhere, providers of texts, the range service, the shop.

Imported only where a setting names one of them. Its libraries take a sixth of a start, and most sites need none.
"""

from collections.abc import Sequence

import httpx2

from sparekey.adapters.breached_ranges import RangeService
from sparekey.adapters.shop_webhook import ShopWebhook
from sparekey.adapters.sms.twilio import TwilioDelivery, TwilioReceipts
from sparekey.adapters.sms.webhook import WebhookDelivery, WebhookReceipts
from sparekey.adapters.social.facebook import Facebook
from sparekey.adapters.social.openid import OpenIdProvider, google
from sparekey.adapters.social.vk import Vk
from sparekey.settings import Settings
from sparekey.use_cases.ports import Clock
from sparekey.use_cases.ports_of_delivery import Delivery, SmsReceipts
from sparekey.use_cases.ports_of_social import SocialProvider
from sparekey.use_cases.services import Social


class Outside:
    """``receipts_url``: where the provider of texts may report to us, or empty. ``aclose()`` it when the server stops."""

    def __init__(self, settings: Settings, clock: Clock, receipts_url: str) -> None:
        self._settings, self._clock, self._receipts_url = settings, clock, receipts_url
        self._http = httpx2.AsyncClient()

    async def aclose(self) -> None:
        await self._http.aclose()

    def range_service(self) -> RangeService | None:
        url = self._settings.storage.breached_range_url
        return RangeService(url, self._http) if url else None

    def shop_webhook(self) -> ShopWebhook | None:
        """How the shop is told of changes; ``None`` where no shop is to be told."""
        given = self._settings.shop
        if not given.shop_webhook:
            return None
        return ShopWebhook(self._http, url=given.shop_webhook, secret=given.shop_webhook_secret, clock=self._clock)

    def social(self) -> Social:
        """The providers that are set up, in the order of their buttons."""
        given = self._settings.social
        providers: list[SocialProvider] = []
        if given.google_client_id:
            providers.append(google(self._http, self._clock, client_id=given.google_client_id, client_secret=given.google_client_secret))
        if given.facebook_client_id:
            providers.append(Facebook(self._http, client_id=given.facebook_client_id, client_secret=given.facebook_client_secret))
        if given.vk_client_id:
            providers.append(Vk(self._http, client_id=given.vk_client_id, url=given.vk_url))
        if given.oidc_client_id:
            providers.append(
                OpenIdProvider(
                    self._http,
                    self._clock,
                    name="oidc",
                    title=given.oidc_name,
                    issuer=given.oidc_issuer,
                    client_id=given.oidc_client_id,
                    client_secret=given.oidc_client_secret,
                )
            )
        redirects = frozenset(r.strip() for r in given.social_redirects.split(",") if r.strip())
        return Social(tuple(providers), self._settings.base_url, redirects)

    def texts(self) -> Sequence[Delivery]:
        """The ways out for texts to phones, in the order in which they are tried."""
        given = self._settings.sms
        match given.sms:
            case "twilio":
                return [
                    TwilioDelivery(
                        self._http,
                        url=given.sms_url,
                        account=given.sms_account,
                        secret=given.sms_secret,
                        sender=given.sms_from,
                        callback=self._receipts_url if self._settings.secure else "",
                    )
                ]
            case "webhook":
                return [WebhookDelivery(self._http, url=given.sms_url, secret=given.sms_secret, clock=self._clock)]
            case "none":
                return []

    def receipts(self) -> SmsReceipts | None:
        """Who reads what the provider of texts reports afterwards; ``None`` where none reports."""
        given = self._settings.sms
        match given.sms:
            case "twilio":
                return TwilioReceipts(url=self._receipts_url, secret=given.sms_secret)
            case "webhook":
                return WebhookReceipts(secret=given.sms_secret, clock=self._clock)
            case "none":
                return None
