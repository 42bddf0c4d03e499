// A key of the person's own, made in this browser and never leaving it: an act on a case is signed
// with it before it is sent. Without it everything still works, and the record says so.
"use strict";
(() => {
  const one = (css, within = document) => within.querySelector(css);
  const text = new TextEncoder();
  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const unhex = (digits) => Uint8Array.from(digits.match(/../g) || [], (pair) => parseInt(pair, 16));
  const join = (...parts) => {
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
    return whole;
  };
  const number = (value, bytes) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value));
    return new Uint8Array(view.buffer, 8 - bytes);
  };

  // Keys, by person and node.
  const request = (asked) => new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  async function store(mode, use) {
    const opening = indexedDB.open("wangge-keys", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    const base = await request(opening);
    try {
      return await request(use(base.transaction("keys", mode).objectStore("keys")));
    } finally {
      base.close();
    }
  }
  const name = (whose) => `${whose.node} ${whose.person}`;
  const kept = (whose) => store("readonly", (keys) => keys.get(name(whose)));
  const keep = (whose, value) => store("readwrite", (keys) => keys.put(value, name(whose)));
  const drop = (whose) => store("readwrite", (keys) => keys.delete(name(whose)));
  async function make() {
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
    return { pair, key: hex(await crypto.subtle.exportKey("raw", pair.publicKey)) };
  }
  const sign = async (own, message) => hex(await crypto.subtle.sign({ name: "Ed25519" }, own.pair.privateKey, message));
  const able = async () => {
    if (!window.isSecureContext || !crypto.subtle || !window.indexedDB) return false;
    return make().then(() => kept({ node: "", person: "" })).then(() => true, () => false);
  };
  const put = (form, field, value) => {
    const input = one(`input[name="${field}"]`, form) || form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: field }));
    input.value = value;
  };

  const clear = (form) => {
    for (const field of ["said", "signed", "unsigned"]) one(`input[name="${field}"]`, form)?.remove();
    form.querySelectorAll("input[type=file][data-kept]").forEach((file) => { file.disabled = false; delete file.dataset.kept; });
    form.querySelectorAll("[data-told]").forEach((told) => told.remove());
  };
  // Says what is wrong where it was filled in; nothing was sent, and the form's own button, or the one
  // beside the words, tries again from the beginning.
  function tell(form, words, button) {
    const told = document.createElement("div");
    told.className = "notice bad";
    told.dataset.told = "";
    told.setAttribute("role", "alert");
    told.append(Object.assign(document.createElement("p"), { textContent: words }));
    if (button) {
      const again = Object.assign(document.createElement("button"), { type: "button", textContent: form.dataset.again });
      again.addEventListener("click", () => form.requestSubmit(form.contains(button) ? button : undefined));
      told.append(again);
    }
    form.prepend(told);
    told.scrollIntoView({ block: "nearest" });
  }
  class Wrong extends Error {}

  // An act: what is signed is what the node will record, asked for first and looked at. Whatever goes
  // wrong on the way is thrown.
  async function prepare(form, own) {
    const filled = new FormData(form);
    const answer = await fetch(form.dataset.sign, { method: "POST", body: filled, credentials: "same-origin", headers: { accept: "application/json" } });
    if (!answer.ok) throw new Wrong((await answer.json()).wrong);
    const { said, signing } = await answer.json();
    const values = unhex(signing.values);
    const plain = new TextDecoder().decode(values);
    for (const typed of form.querySelectorAll("textarea")) {
      const words = String(filled.get(typed.name) ?? "").replace(/\r\n/g, "\n").trim();
      if (words && !plain.includes(words)) throw new Wrong(form.dataset.other);
    }
    if (signing.case !== form.dataset.case || signing.person !== form.dataset.person || signing.node !== form.dataset.node) throw new Wrong(form.dataset.other);
    const salt = crypto.getRandomValues(new Uint8Array(32));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", join(text.encode("wangge person values v1\0"), salt, values)));
    const message = join(
      text.encode("wangge person act v1\0"),
      unhex(signing.federation), unhex(signing.node), unhex(signing.person), unhex(signing.case),
      number(signing.kind, 2), unhex(signing.base), number(signing.time, 8), digest,
    );
    const signature = await sign(own, message);
    // What was changed meanwhile was not signed.
    const words = (data) => JSON.stringify([...data].filter(([, value]) => typeof value === "string"));
    if (words(new FormData(form)) !== words(filled)) throw new Wrong("");
    return () => {
      put(form, "said", JSON.stringify(said));
      put(form, "signed", JSON.stringify({ key: own.key, salt: hex(salt), base: signing.base, time: new Date(signing.time).toISOString(), signature }));
      // They are kept already.
      form.querySelectorAll("input[type=file]:not(:disabled)").forEach((file) => { file.disabled = true; file.dataset.kept = ""; });
    };
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset || !form.dataset.sign || form.dataset.ready) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.dataset.preparing) return;
    // Nothing of an earlier attempt is sent.
    clear(form);
    form.dataset.preparing = "yes";
    const button = event.submitter;
    const whose = { node: form.dataset.node, person: form.dataset.person };
    (async () => {
      if (!(await able())) return () => put(form, "unsigned", "device");
      const own = await kept(whose);
      return own ? prepare(form, own) : () => put(form, "unsigned", "no_key");
    })().then((ready) => {
      ready();
      form.dataset.ready = "yes";
      form.requestSubmit(button && form.contains(button) ? button : undefined);
    }).catch((error) => {
      const why = error instanceof Wrong && error.message ? error.message : "";
      tell(form, why === form.dataset.other ? why : `${form.dataset.failed} ${why}`.trim(), button);
    }).finally(() => {
      delete form.dataset.ready;
      delete form.dataset.preparing;
    });
  }, true);
  // A page that comes back out of the browser's memory has been sent before.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sign]").forEach(clear);
  });

  // The page of one's keys.
  const enrol = one("#enrol-key");
  if (enrol) {
    const whose = { node: enrol.dataset.node, person: enrol.dataset.person };
    const show = (id) => { const part = one(id); if (part) part.hidden = false; };
    (async () => {
      if (!(await able())) return show("#key-unable");
      const own = await kept(whose);
      const row = own && one(`[data-key="${own.key}"]`);
      if (row && row.dataset.revoked === undefined) {
        row.querySelectorAll("[data-here]").forEach((mark) => { mark.hidden = false; });
        return show("#key-here");
      }
      if (row) await drop(whose);
      enrol.hidden = false;
    })();
    enrol.addEventListener("submit", (event) => {
      if (enrol.dataset.ready) return;
      event.preventDefault();
      (async () => {
        let own = await kept(whose);
        if (!own) {
          own = await make();
          await keep(whose, own);
        }
        const time = Number(enrol.dataset.time) + Math.round(performance.now());
        const message = join(
          text.encode("wangge person key v1\0"),
          unhex(enrol.dataset.federation), unhex(whose.node), unhex(whose.person), unhex(own.key), number(time, 8),
        );
        put(enrol, "key", own.key);
        put(enrol, "time", new Date(time).toISOString());
        put(enrol, "signature", await sign(own, message));
        enrol.dataset.ready = "yes";
        enrol.requestSubmit();
      })().catch(() => show("#key-unable"));
    });
  }
})();
