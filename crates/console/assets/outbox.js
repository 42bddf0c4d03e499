// The phone's outbox: what is filed is first kept here, with the key under which the node carries it
// out once, and goes when it can. Without a script the form is sent as any other.
"use strict";
(() => {
  const sign = document.getElementById("outbox");
  if (!sign || !window.indexedDB) return;
  const words = sign.dataset;
  const wrap = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const opened = new Promise((done, failed) => {
    const request = indexedDB.open("wangge", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "once" });
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const store = async (mode) => (await opened).transaction("outbox", mode).objectStore("outbox");
  const entries = async () => wrap((await store("readonly")).getAll());
  const put = async (entry) => wrap((await store("readwrite")).put(entry));
  const drop = async (once) => wrap((await store("readwrite")).delete(once));

  function say(text, ...more) {
    sign.hidden = !text;
    sign.replaceChildren(text || "", ...more);
  }
  async function show(state) {
    const all = await entries();
    if (!all.length) return say(state || "");
    const count = document.createElement("strong");
    count.id = "waiting";
    count.textContent = all.length;
    const line = document.createElement("p");
    line.append(count, ` ${state || words.waiting}`);
    const wrong = all.filter((entry) => entry.wrong).map((entry) => {
      const item = document.createElement("p");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = words.drop;
      button.onclick = async () => { await drop(entry.once); show(); };
      item.append(`${entry.title}: ${entry.wrong} `, button);
      return item;
    });
    say(line, ...wrong);
  }

  // A token belongs to a session: what was written in an earlier one goes with today's.
  async function token() {
    const answer = await fetch("/work/token", { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect" || answer.status === 401) return null;
    return (await answer.json()).token;
  }
  async function send(entry, fresh) {
    const body = new FormData();
    for (const [name, value] of entry.fields) {
      if (name === "token") body.append(name, fresh);
      else if (value instanceof Blob) body.append(name, value, "photo");
      else body.append(name, value);
    }
    return fetch(entry.to, {
      method: "POST", body, redirect: "manual", headers: { "x-outbox": "1" },
    });
  }
  async function flush() {
    const all = (await entries()).filter((entry) => !entry.wrong);
    if (!all.length) return show();
    let fresh;
    try { fresh = await token(); } catch { return show(); }
    if (!fresh) return show(words.login);
    await show(words.sending);
    let sent = 0;
    for (const entry of all) {
      let answer;
      try { answer = await send(entry, fresh); } catch { return show(); }
      if (answer.ok) {
        await drop(entry.once);
        sent += 1;
      } else if (answer.status >= 400 && answer.status < 500 && ![401, 403, 408, 429].includes(answer.status)) {
        const told = await answer.json().catch(() => ({}));
        await put({ ...entry, wrong: `${told.title || answer.status} ${told.next || ""}` });
      } else {
        return show();
      }
    }
    await show(sent ? words.sent : "");
  }
  // One tab at a time; the node would carry each out once in any case.
  const go = () => navigator.locks
    ? navigator.locks.request("wangge-outbox", { ifAvailable: true }, (lock) => lock && flush())
    : flush();

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-outbox]")) return;
    event.preventDefault();
    const fields = [...new FormData(form)].filter(([, value]) => !(value instanceof File && !value.size));
    const once = fields.find(([name]) => name === "once")[1];
    const title = (fields.find(([name]) => name === "description") || ["", ""])[1].slice(0, 30);
    await put({ once, to: form.getAttribute("action"), title, fields, at: Date.now() });
    form.reset();
    const next = new Uint8Array(16);
    crypto.getRandomValues(next);
    form.elements.once.value = [...next].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    await show(words.kept);
    window.scrollTo(0, 0);
    await go();
  });
  window.addEventListener("online", go);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) go(); });
  setInterval(go, 5000);
  go();

  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/work/sw.js", { scope: "/work" });
    const out = document.querySelector("form[action='/logout']");
    if (out) out.addEventListener("submit", () => { caches.keys().then((all) => all.forEach((name) => caches.delete(name))); });
  }
})();
