// The service worker of /approve: makes the page installable, and says so when the network is gone. It keeps no secrets and answers nothing
// from memory but that one page and what it is drawn with.

const OFFLINE = "/approve/offline";
const CACHE = "approve-1";

async function keepOffline() {
  const cache = await caches.open(CACHE);
  const page = await fetch(OFFLINE, { cache: "reload" });
  const drawnWith = [...(await page.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map(([, address]) => address);
  await cache.put(OFFLINE, page);
  await cache.addAll([...new Set(drawnWith)]);
}

self.addEventListener("install", (event) => {
  event.waitUntil(keepOffline());
  self.skipWaiting();
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const kept = request.mode === "navigate" ? OFFLINE : new URL(request.url).pathname.startsWith("/static/") && request;
  if (kept) event.respondWith(fetch(request).catch(async () => (await caches.match(kept)) ?? Response.error()));
});
