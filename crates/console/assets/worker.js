// The service worker of the phone's pages. The network comes first; without it the last page that
// came is shown, so that reports can be written anywhere. FILES stands before this.
"use strict";
const SHELL = "wangge-files-" + FILES.join().length + "-" + FILES.map((name) => name.split("/")[2]).join("");
const PAGES = "wangge-pages";

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil((async () => {
    await (await caches.open(SHELL)).addAll(FILES);
    const pages = await caches.open(PAGES);
    await Promise.all(["/work", "/work/report"].map(async (path) => {
      const answer = await fetch(path, { redirect: "manual" }).catch(() => null);
      if (answer && answer.ok) await pages.put(path, answer);
    }));
  })());
});
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name !== SHELL && name !== PAGES) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

async function page(request) {
  const path = new URL(request.url).pathname;
  try {
    const answer = await fetch(request);
    const pages = await caches.open(PAGES);
    if (answer.ok && answer.type === "basic" && !answer.redirected) await pages.put(path, answer.clone());
    // Whoever has signed out leaves nothing behind to be looked at.
    if (answer.type === "opaqueredirect") await pages.delete(path);
    return answer;
  } catch (error) {
    const pages = await caches.open(PAGES);
    const known = await pages.match(path) || await pages.match("/work/report");
    if (known) return known;
    throw error;
  }
}
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) {
    event.respondWith(caches.match(request).then((known) => known || fetch(request)));
  }
});
