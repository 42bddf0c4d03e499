// The phone's outbox: what is written is first kept here, with whose it is and the key under which
// the node carries it out once, and goes when it can. Without a script a form is sent as any other.
"use strict";
(() => {
  const sign = document.getElementById("outbox");
  if (!sign || !window.indexedDB) return;
  const words = sign.dataset;
  // Of whom the page is, and whose session it is: a page may have been kept since an earlier one.
  const own = { person: words.person, node: words.node };
  let session = own;
  const of = (whose) => (entry) => entry.person === whose.person && entry.node === whose.node;

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

  // What is said.
  const made = (name, text, more) => Object.assign(document.createElement(name), { textContent: text }, more);
  const button = (text, onclick) => made("button", text, { type: "button", onclick });
  function counted(id, count, text) {
    const line = made("p", "");
    line.append(made("strong", count, { id }), ` ${text}`);
    return line;
  }
  function refused(entry) {
    const block = made("div", "", { className: "refused" });
    block.dataset.refused = entry.once;
    const line = made("p", "");
    line.append(made("strong", entry.title), ` ${entry.wrong}`);
    block.append(line, made("p", entry.next));
    const actions = made("div", "", { className: "actions" });
    block.append(actions);
    if (entry.filed) {
      const open = () => { drop(entry.once); };
      actions.append(made("a", words.open, { className: "button", href: `/cases/${entry.filed}`, onclick: open }));
      return block;
    }
    actions.append(
      button(words.again, async () => { await put({ ...entry, wrong: "" }); await show(); go(); }),
      button(words.mend, () => mend(entry)),
      button(words.drop, async () => { await drop(entry.once); show(); }),
    );
    return block;
  }
  let shown = "";
  async function show(state) {
    const all = await entries();
    const mine = all.filter(of(session));
    const waiting = mine.filter((entry) => !entry.wrong).length;
    const lines = [];
    if (waiting) lines.push(counted("waiting", waiting, state || words.waiting));
    else if (state) lines.push(made("p", state));
    lines.push(...mine.filter((entry) => entry.wrong).map(refused));
    if (all.length > mine.length) lines.push(counted("others", all.length - mine.length, words.others));
    // What stands there already is left alone, with its buttons and whatever has the focus.
    const now = JSON.stringify([state, waiting, all.map(({ once, at, wrong }) => [once, at, wrong]), session.person]);
    if (now !== shown) sign.replaceChildren(...lines);
    shown = now;
    sign.hidden = !lines.length;
  }

  // What the node says; nothing where it is not the node that answers.
  async function ask(path, options) {
    const answer = await fetch(path, { ...options, redirect: "manual", cache: "no-store", headers: { "x-outbox": "1" } });
    const told = await answer.json().catch(() => null);
    return { status: answer.status, ok: answer.ok, told };
  }
  // A token belongs to a session: what was written in an earlier one goes with today's.
  function send(entry, token) {
    const body = new FormData();
    for (const [name, value] of entry.fields) {
      if (name === "token") body.append(name, token);
      else if (value instanceof Blob) body.append(name, value, "photo");
      else body.append(name, value);
    }
    return ask(entry.to, { method: "POST", body });
  }
  // It is the session's turn, or the node's, and nothing is wrong with what was written.
  const SESSION = ["login-needed", "factor-needed", "stale-form", "csrf"];
  const LATER = [408, 429, 502, 503, 504];
  async function settle(entry, { status, ok, told }) {
    if (ok && told?.id) {
      if (told.left) await put({ ...entry, fields: [], filed: told.id, wrong: words.left, next: told.left });
      else await drop(entry.once);
      return "sent";
    }
    if (SESSION.includes(told?.code) || LATER.includes(status)) return "stop";
    if (status < 400 || status >= 500) return "waits";
    const [wrong, next] = told?.title ? [told.title, told.next] : [`${words.strange} (${status})`, words.strangeNext];
    await put({ ...entry, wrong, next: next || "" });
    return "refused";
  }
  async function flush() {
    const waits = (await entries()).filter((entry) => !entry.wrong);
    if (!waits.some((entry) => of(own)(entry) || of(session)(entry))) return show();
    let told;
    try { ({ told } = await ask("/work/token")); } catch { return show(); }
    if (SESSION.includes(told?.code)) return show(words.login);
    if (!told?.token) return show(told ? "" : words.elsewhere);
    session = told;
    const mine = waits.filter(of(session));
    if (!mine.length) return show();
    await show(words.sending);
    const became = [];
    for (const entry of mine) {
      let answer;
      try { answer = await send(entry, told.token); } catch { return show(); }
      became.push(await settle(entry, answer));
      if (became.at(-1) === "stop") break;
    }
    await show(became.every((what) => what === "sent") ? words.sent : "");
    if (became.includes("sent")) renew();
  }
  // A list shows what has come, unless something is being written above it.
  function renew() {
    const form = document.querySelector("form[data-outbox-list]");
    if (form && ![...form.querySelectorAll("textarea")].some((typed) => typed.value)) location.reload();
  }
  // One tab at a time; the node would carry each out once in any case.
  const go = () => navigator.locks
    ? navigator.locks.request("wangge-outbox", { ifAvailable: true }, (lock) => lock && flush())
    : flush();

  // What was refused is written anew, under the same key: what the node has taken is not taken twice.
  const form = (to) => [...document.querySelectorAll("form[data-outbox]")].find((known) => known.getAttribute("action") === to);
  function mend(entry) {
    const known = form(entry.to);
    if (!known) return location.assign(`${entry.to}#mend=${entry.once}`);
    for (const field of known.elements) {
      const said = entry.fields.filter(([name]) => name === field.name).map(([, value]) => value);
      if (!field.name || field.name === "token") continue;
      if (field.type === "file") {
        const files = new DataTransfer();
        said.forEach((value) => value instanceof File && files.items.add(value));
        field.files = files.files;
      } else field.value = said[0] ?? "";
      const folded = field.closest("details");
      if (folded && field.value) folded.open = true;
    }
    known.querySelector("textarea").focus();
  }
  async function asked() {
    const once = location.hash.match(/^#mend=(\w+)$/)?.[1];
    if (!once) return;
    history.replaceState(null, "", location.pathname);
    const entry = (await entries()).find((known) => known.once === once);
    if (entry && of(own)(entry)) mend(entry);
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-outbox]")) return;
    event.preventDefault();
    const fields = [...new FormData(form)].filter(([, value]) => !(value instanceof File && !value.size));
    const said = (name) => fields.find(([known]) => known === name)?.[1];
    const title = (said("description") ?? said("text") ?? "").slice(0, 30);
    const at = new Date().toISOString();
    fields.push(["written", at]);
    try {
      await put({ ...own, once: said("once"), at, to: form.getAttribute("action"), title, fields });
    } catch {
      // There is no room, or this browser keeps nothing.
      return form.submit();
    }
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
  asked();
  go();

  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/work/sw.js", { scope: "/" });
    const out = document.querySelector("form[action='/logout']");
    if (out) out.addEventListener("submit", () => { caches.delete("wangge-pages"); });
  }
})();
