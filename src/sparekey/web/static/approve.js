// The enrolled phone's side of "approve on my phone". Its key is made here and stays in this browser: the page can sign with it, and nobody,
// the page included, can read it (Web Cryptography, extractable: false). The server decides; nothing is decided here.

const root = document.getElementById("approve");
const one = (selector) => root.querySelector(selector);
const EVERY = 2500;

// ---------------------------------------------------------------- what is shown

const problem = one('[data-part="problem"]');
const words = (name) => one(`[data-words="${name}"]`).textContent;
const say = (name) => {
  problem.textContent = name ? words(name) : "";
  problem.hidden = !name;
};
const put = (name, text) => {
  one(`[data-text="${name}"]`).textContent = text;
};
let part = "";
function show(name) {
  say("");
  if (part === name) return;
  part = name;
  for (const section of root.querySelectorAll("section[data-part]")) section.hidden = section.dataset.part !== name;
  // What is new gets the focus, so that a screen reader tells it and a keyboard is at the right place.
  const heading = one(`section[data-part="${name}"] h2`);
  const field = one(`section[data-part="${name}"] input`);
  if (field) field.value = "";
  if (heading) heading.tabIndex = -1;
  (name === "asked" ? heading : field ?? heading)?.focus({ preventScroll: true });
}

// ---------------------------------------------------------------- the phones (one for each account) that this browser is

const kept = new Promise((resolve, reject) => {
  const open = indexedDB.open("sparekey-approve", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("phone", { keyPath: "phone" });
  open.onsuccess = () => resolve(open.result);
  open.onerror = () => reject(open.error);
});
const inStore = async (mode, act) => {
  const store = (await kept).transaction("phone", mode).objectStore("phone");
  return new Promise((resolve, reject) => {
    const request = act(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
};
const phones = () => inStore("readonly", (store) => store.getAll());
const keep = (phone) => inStore("readwrite", (store) => store.put(phone));
const forget = (phone) => inStore("readwrite", (store) => store.delete(phone));

// ---------------------------------------------------------------- speaking to the server: compact JWS (RFC 7515), ES256

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const text = (value) => new TextEncoder().encode(value);

async function signed(key, kid, said) {
  const head = { alg: "ES256", ...(kid ? { kid } : {}) };
  const input = `${base64url(text(JSON.stringify(head)))}.${base64url(text(JSON.stringify(said)))}`;
  return `${input}.${base64url(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, text(input)))}`;
}

async function post(path, body) {
  const response = await fetch(`/api/v1/approvals/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    credentials: "omit",
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer = await response.json();
  return { status: response.status, answer, problem: response.ok ? "" : answer.type.split(":").pop() };
}

let next;
const FRESH = 60_000;

/** One word of one phone. Each answer to a poll brings the challenge for the next word; one that lay too long is not used. */
async function speak(phone, path, said) {
  const ready = next && Date.now() - next.at < FRESH ? next.challenge : "";
  next = undefined;
  const challenge = ready || (await post("challenge")).answer.challenge;
  const heard = await post(path, { signed: await signed(phone.key, phone.phone, { ...said, challenge }) });
  if (heard.status === 401 && ready) return speak(phone, path, said);
  if (heard.answer.next) next = { challenge: heard.answer.next.challenge, at: Date.now() };
  return heard;
}

// ---------------------------------------------------------------- adding this phone

let adding;
async function look(code) {
  const { status, answer } = await post("look", { code });
  if (status === 200) {
    adding = { code, challenge: answer.challenge, account: answer.account };
    put("account", answer.account);
    show("add");
    one('[data-do="add"]').focus();
  } else {
    if (part !== "none") show("none");
    say("code_over");
  }
}

async function add() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const { status, answer } = await post("enrol", {
    code: adding.code,
    public_key: { kty, crv, x, y },
    signed: await signed(pair.privateKey, "", { says: "enrol", challenge: adding.challenge }),
  });
  if (status !== 200) {
    show("none");
    say("code_over");
    return;
  }
  await keep({ phone: answer.phone, key: pair.privateKey, account: adding.account, ready: !answer.pending });
  // Without it a browser that is short of space may throw the key away.
  await navigator.storage?.persist?.();
  show("added");
  one('[data-words="go_back"]').hidden = !answer.pending;
}

// ---------------------------------------------------------------- waiting, and answering

let asked;
let removed;

async function poll() {
  const all = await phones();
  if (!all.length) {
    show("none");
    return;
  }
  let waiting = false;
  for (const phone of all) {
    const { status, answer } = await speak(phone, "poll", { says: "poll" });
    if (status === 200 && !phone.ready) await keep({ ...phone, ready: true });
    if (status === 200 && answer.prompts.length) {
      ask(phone, answer.prompts[0]);
      return;
    }
    if (status === 401 && phone.ready) {
      removed = phone;
      put("removed", phone.account);
      show("removed");
      return;
    }
    waiting ||= status === 401;
  }
  // A question that was on the screen is gone: answered elsewhere, replaced, or too old.
  show(part === "asked" ? "over" : "idle");
  put("accounts", all.map((phone) => phone.account).join(", "));
  one('[data-words="not_yet"]').hidden = !waiting;
}

function ask(phone, prompt) {
  if (asked?.prompt.prompt_id === prompt.prompt_id && part === "asked") return;
  asked = { phone, prompt };
  const actions = one("[data-actions]");
  const unknown = actions.dataset.unknown;
  put("action", one(`[data-action="${CSS.escape(prompt.action)}"]`)?.textContent ?? actions.dataset.other);
  put("of", phone.account);
  put("device", prompt.device || unknown);
  put("place", prompt.place || unknown);
  put("when", new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" }).format(new Date(prompt.created_at)));
  if (part === "asked") part = "";
  show("asked");
}

async function answer(said) {
  const { status, problem: reason } = await speak(asked.phone, "answer", { ...said, prompt_id: asked.prompt.prompt_id });
  if (status === 200) show(said.says === "approve" ? "approved" : "refused");
  else if (reason === "wrong_number") show("wrong");
  else if (reason === "prompt_over") show("over");
  else say("failed");
}

// ---------------------------------------------------------------- buttons and forms

const act = async (what) => {
  root.setAttribute("aria-busy", "true");
  try {
    await what();
  } catch {
    say(navigator.onLine ? "failed" : "no_network");
  } finally {
    root.removeAttribute("aria-busy");
  }
};
const DO = {
  add,
  idle: () => {
    part = "";
    return poll();
  },
  refuse: () => answer({ says: "refuse" }),
  forget: async () => {
    await forget(removed.phone);
    part = "";
    await poll();
  },
};
for (const button of root.querySelectorAll("[data-do]")) button.addEventListener("click", () => act(DO[button.dataset.do]));
one('[data-form="code"]').addEventListener("submit", (event) => {
  event.preventDefault();
  act(() => look(one("#code").value));
});
one('[data-form="number"]').addEventListener("submit", (event) => {
  event.preventDefault();
  const number = one("#number").value.replaceAll(/\s/g, "");
  if (/^\d{3}$/.test(number)) act(() => answer({ says: "approve", number }));
  else say("digits");
});

// ---------------------------------------------------------------- the beginning, and every few seconds

const POLLED = new Set(["", "idle", "none", "asked"]);
async function tick() {
  if (document.visibilityState === "visible" && POLLED.has(part) && !root.hasAttribute("aria-busy")) {
    try {
      if ((await phones()).length || !part) await poll();
      if (problem.textContent === words("no_network")) say("");
    } catch {
      say("no_network");
    }
  }
  setTimeout(tick, EVERY);
}

async function begin() {
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) {
    say("unable");
    return;
  }
  try {
    await kept;
  } catch {
    say("unable");
    return;
  }
  navigator.serviceWorker?.register("/approve-worker.js", { scope: "/approve" }).catch(() => {});
  await takeCode();
  // Scanned while this page is open: the browser stays on it.
  window.addEventListener("hashchange", takeCode);
  tick();
}

/** The code leaves the address at once, so that it stands in no history. */
async function takeCode() {
  const code = location.hash.slice(1);
  if (!code) return;
  history.replaceState(null, "", location.pathname);
  await act(() => look(code));
}
begin();
