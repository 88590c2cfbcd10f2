// "Slide to verify": a knob to move, and behind it a proof of work. Nothing is asked of anybody else; without this script the page
// offers to wait a minute instead.

const LANES = 8; // tries at once: the browser spreads them over the processor's cores
const EXPECTED = 256; // tries on average, for a key that begins with one byte of zeros

const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The key for one number, as the library altcha makes it: PBKDF2 over the nonce and the number. */
async function derived(p, counter) {
  const nonce = fromHex(p.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: fromHex(p.salt), iterations: p.cost };
  return toHex(new Uint8Array(await crypto.subtle.deriveBits(how, key, (p.keyLength ?? 32) * 8)));
}

async function solve(challenge, tried) {
  const p = challenge.parameters;
  for (let first = 0; ; first += LANES) {
    const keys = await Promise.all(Array.from({ length: LANES }, (_, lane) => derived(p, first + lane)));
    const lane = keys.findIndex((key) => key.startsWith(p.keyPrefix));
    if (lane >= 0) return { counter: first + lane, derivedKey: keys[lane] };
    tried(first + LANES);
  }
}

for (const box of document.querySelectorAll("[data-human]")) {
  const knob = box.querySelector("input[type=range]");
  const answer = box.querySelector("input[name=human]");
  const progress = box.querySelector("progress");
  const said = box.querySelector("[role=status]");
  const form = knob.form;
  let state = "open"; // then "busy", then "done"
  let waits = null; // the button that was pressed meanwhile

  if (!globalThis.crypto?.subtle) continue; // the slow way is on the page
  box.querySelector("[data-slow]").hidden = true;
  box.querySelector("[data-slide]").hidden = false;

  const begin = async () => {
    if (state !== "open") return;
    state = "busy";
    knob.classList.add("done");
    progress.hidden = false;
    said.textContent = box.dataset.busy;
    const challenge = JSON.parse(box.dataset.human);
    // Never quite full: how many tries it takes is chance.
    const solution = await solve(challenge, (tries) => (progress.value = 1 - Math.exp(-tries / EXPECTED)));
    answer.value = btoa(JSON.stringify({ challenge, solution }));
    progress.value = 1;
    state = "done";
    said.textContent = box.dataset.done;
    knob.setAttribute("aria-valuetext", box.dataset.done);
    if (waits) form.requestSubmit(waits === form ? undefined : waits);
  };

  knob.addEventListener("input", () => {
    if (state !== "open") knob.value = knob.max;
    else if (Number(knob.value) >= Number(knob.max)) begin();
  });
  // A knob that is let go on the way slides back; moved by keys it stays where it is.
  knob.addEventListener("pointerup", () => {
    if (state === "open" && Number(knob.value) < Number(knob.max)) knob.value = 0;
  });

  form.addEventListener(
    "submit",
    (event) => {
      if (state === "done") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (state === "busy") {
        waits = event.submitter ?? form;
        return;
      }
      said.textContent = box.dataset.first;
      knob.focus();
    },
    { capture: true },
  );
}
