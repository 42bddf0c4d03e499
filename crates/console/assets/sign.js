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
  const kept = (whose) => store("readonly", (keys) => keys.get(name(whose))).catch(() => undefined);
  const keep = (whose, value) => store("readwrite", (keys) => keys.put(value, name(whose)));
  const drop = (whose) => store("readwrite", (keys) => keys.delete(name(whose)));
  async function make() {
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
    return { pair, key: hex(await crypto.subtle.exportKey("raw", pair.publicKey)) };
  }
  const sign = async (own, message) => hex(await crypto.subtle.sign({ name: "Ed25519" }, own.pair.privateKey, message));
  const able = async () => {
    if (!window.isSecureContext || !crypto.subtle || !window.indexedDB) return false;
    return make().then(() => true, () => false);
  };
  const put = (form, field, value) => {
    const input = one(`input[name="${field}"]`, form) || form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: field }));
    input.value = value;
  };

  // The node would record something else than what was filled in: nothing is sent.
  function other(form) {
    const told = document.createElement("div");
    told.className = "notice bad";
    told.setAttribute("role", "alert");
    told.textContent = form.dataset.other;
    form.prepend(told);
    return "other";
  }

  // An act: what is signed is what the node will record, asked for first and looked at.
  async function prepare(form, own) {
    const answer = await fetch(form.dataset.sign, { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { accept: "application/json" } });
    if (!answer.ok) return false;
    const { said, signing } = await answer.json();
    const values = unhex(signing.values);
    const plain = new TextDecoder().decode(values);
    for (const typed of form.querySelectorAll("textarea")) {
      const words = typed.value.replace(/\r\n/g, "\n").trim();
      if (words && !plain.includes(words)) return other(form);
    }
    if (signing.case !== form.dataset.case || signing.person !== form.dataset.person || signing.node !== form.dataset.node) return other(form);
    const salt = crypto.getRandomValues(new Uint8Array(32));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", join(text.encode("wangge person values v1\0"), salt, values)));
    const message = join(
      text.encode("wangge person act v1\0"),
      unhex(signing.federation), unhex(signing.node), unhex(signing.person), unhex(signing.case),
      number(signing.kind, 2), unhex(signing.base), number(signing.time, 8), digest,
    );
    put(form, "said", JSON.stringify(said));
    put(form, "signed", JSON.stringify({
      key: own.key, salt: hex(salt), base: signing.base,
      time: new Date(signing.time).toISOString(), signature: await sign(own, message),
    }));
    // They are kept already.
    form.querySelectorAll("input[type=file]").forEach((file) => { file.disabled = true; });
    return true;
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset || !form.dataset.sign || form.dataset.ready) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    const whose = { node: form.dataset.node, person: form.dataset.person };
    (async () => {
      const own = await kept(whose);
      if (own) return prepare(form, own);
      put(form, "unsigned", (await able()) ? "no_key" : "device");
    })().catch(() => {
      put(form, "unsigned", "device");
    }).then((came) => {
      if (came === "other") return;
      form.dataset.ready = "yes";
      form.requestSubmit(button && form.contains(button) ? button : undefined);
      delete form.dataset.ready;
    });
  }, true);

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
      })();
    });
  }
})();
