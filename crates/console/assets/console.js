// What the desk does besides links and forms: the drawer, keys, live rows. Without it every page
// still works.
"use strict";
(() => {
  const one = (css, within = document) => within.querySelector(css);
  const all = (css, within = document) => [...within.querySelectorAll(css)];
  const rows = () => all("[data-row]");
  const drawer = one("#drawer");
  let chosen = null;
  const ticked = new Set();

  function choose(row) {
    all("[data-row].chosen").forEach((known) => known.classList.remove("chosen"));
    chosen = row ? row.dataset.row : null;
    if (!row) return;
    row.classList.add("chosen");
    one("a", row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  function current() {
    return rows().find((row) => row.dataset.row === chosen);
  }
  function move(by) {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((row) => row.dataset.row === chosen);
    choose(list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
  }

  // The drawer beside a list.
  function open(path, focus) {
    if (!drawer || !window.htmx) return false;
    drawer.hidden = false;
    document.body.classList.add("with-drawer");
    window.htmx.ajax("GET", path, { target: "#drawer", swap: "innerHTML" }).then(() => {
      const first = focus && one("select, textarea, input:not([type=hidden])", drawer);
      if (first) first.focus();
    });
    return true;
  }
  function close() {
    if (!drawer || drawer.hidden) return;
    drawer.hidden = true;
    drawer.replaceChildren();
    document.body.classList.remove("with-drawer");
    const row = current();
    if (row) choose(row);
  }
  if (drawer) {
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-close-drawer]")) return close();
      const link = event.target.closest("[data-row] a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      choose(link.closest("[data-row]"));
      if (open(link.getAttribute("href"), false)) event.preventDefault();
    });
  }

  // Keys.
  const help = one("#keys");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (help && help.open) return;
      return close();
    }
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const row = current();
    const does = {
      j: () => move(1),
      k: () => move(-1),
      a: () => row && open(`/cases/${row.dataset.row}/acts/dispatch`, true),
      o: () => row && open(`/cases/${row.dataset.row}`, false),
      x: () => {
        const box = row && one("input[type=checkbox]", row);
        if (box) box.click();
      },
      "/": () => { const search = one("[data-key='/']"); if (search) search.focus(); },
      "?": () => help && help.showModal(),
    }[event.key];
    if (!does || !rows().length && "jkaox".includes(event.key)) return;
    event.preventDefault();
    does();
  });
  all("[data-open-keys]").forEach((button) => button.addEventListener("click", () => help.showModal()));

  all("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // Several at once.
  function count() {
    const bar = one("#bulk");
    if (!bar) return;
    bar.hidden = ticked.size === 0;
    one("[data-count]", bar).textContent = ticked.size;
  }
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches("[data-row] input[type=checkbox]")) return;
    if (box.checked) ticked.add(box.value); else ticked.delete(box.value);
    count();
  });

  // Live: what has changed is shown anew, and what was chosen stays so.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "rows") return;
    for (const row of rows()) {
      row.classList.toggle("chosen", row.dataset.row === chosen);
      const box = one("input[type=checkbox]", row);
      if (box) box.checked = ticked.has(box.value);
    }
    const here = new Set(rows().map((row) => row.dataset.row));
    for (const id of ticked) if (!here.has(id)) ticked.delete(id);
    count();
  });
  if (one("[data-live]") && "EventSource" in window) {
    const stream = new EventSource("/v1/events");
    let waiting = null;
    const changed = () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => document.body.dispatchEvent(new Event("cases-changed")), 150);
    };
    stream.addEventListener("case", changed);
    stream.addEventListener("resync", changed);
    const sign = one("#live");
    stream.onopen = () => { if (sign) sign.classList.remove("off"); };
    stream.onerror = () => { if (sign) sign.classList.add("off"); };
    window.addEventListener("pagehide", () => stream.close());
  }

  // Without a signal nothing is sent, and what was written stays. What waits by itself is let go on,
  // and so is signing out, which takes the pages that are kept off the phone.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    all("[data-unsent]", form).forEach((told) => told.remove());
    if (navigator.onLine || form.method !== "post" || "outbox" in form.dataset || form.matches("[action='/logout']")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const told = document.createElement("p");
    told.className = "notice bad";
    told.dataset.unsent = "";
    told.setAttribute("role", "alert");
    told.textContent = document.body.dataset.unsent;
    form.prepend(told);
    told.scrollIntoView({ block: "nearest" });
  }, true);

  // A file that takes a while to be read: it is said so while the browser waits.
  document.addEventListener("submit", (event) => {
    const busy = event.target.dataset.busy;
    if (!busy || one(".busy", event.target)) return;
    const sign = document.createElement("p");
    sign.className = "busy";
    sign.setAttribute("role", "status");
    sign.textContent = busy;
    event.target.append(sign);
  });
  window.addEventListener("pageshow", () => all(".busy").forEach((sign) => sign.remove()));
})();
