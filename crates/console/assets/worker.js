// The service worker of the phone's pages. The network comes first; without it the last page that
// came is shown, so that reports can be written anywhere. FILES stands before this.
"use strict";
const SHELL = "wangge-files-" + FILES.join().length + "-" + FILES.map((name) => name.split("/")[2]).join("");
const PAGES = "wangge-pages";
// No case is kept on a phone: in place of every other page it is said that a signal is needed.
const KEPT = ["/work", "/work/report", "/work/notes", "/work/grid"];
const OFFLINE = "/work/offline";

async function keep(path) {
  const answer = await fetch(path, { redirect: "manual", cache: "no-store" }).catch(() => null);
  if (answer && answer.ok) await (await caches.open(PAGES)).put(path, answer);
}
// What was not opened yet is kept, too.
async function fill() {
  const pages = await caches.open(PAGES);
  const lacking = [];
  for (const path of [...KEPT, OFFLINE]) if (!(await pages.match(path))) lacking.push(path);
  await Promise.all(lacking.map(keep));
}
// Whoever has signed out leaves nothing behind to be looked at.
async function forget(event) {
  await caches.delete(PAGES);
  event.waitUntil(keep(OFFLINE));
}

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil((async () => {
    await (await caches.open(SHELL)).addAll(FILES);
    await fill();
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

async function page(event, url) {
  const path = url.pathname;
  const kept = KEPT.includes(path);
  try {
    const answer = await fetch(event.request);
    const out = kept && answer.type === "opaqueredirect";
    // After either, pages come for somebody else or in another language.
    if (out || path === "/login" || path === "/prefer") await forget(event);
    else if (kept && !url.search && answer.ok && answer.type === "basic" && !answer.redirected) {
      await (await caches.open(PAGES)).put(path, answer.clone());
      event.waitUntil(fill());
    }
    return answer;
  } catch (error) {
    const pages = await caches.open(PAGES);
    const known = kept && await pages.match(path) || await pages.match(OFFLINE);
    if (known) return known;
    throw error;
  }
}
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event, url));
  else if (url.pathname.startsWith("/static/")) {
    event.respondWith(caches.match(request).then((known) => known || fetch(request)));
  }
});
