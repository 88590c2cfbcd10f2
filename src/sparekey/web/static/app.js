// What a script can add to the pages. Every page works without it; nothing is decided here.

const by = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---------------------------------------------------------------- moments in the reader's time zone

const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
for (const time of by("time[datetime]")) {
  time.title = time.textContent;
  time.textContent = format.format(new Date(time.dateTime));
}

// ---------------------------------------------------------------- reveal

for (const button of by("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const show = button.textContent;
  const set = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? button.dataset.hide : show;
    button.setAttribute("aria-pressed", String(visible));
  };
  button.addEventListener("click", () => {
    set(input.type === "password");
    input.focus();
  });
  // A revealed password would otherwise land in the browser's memory of typed texts.
  input.form.addEventListener("submit", () => set(false));
  input.addEventListener("sparekey:reveal", () => set(true));
}

// ---------------------------------------------------------------- Caps Lock, keyboard layout, strength

function layoutHint(text, live, isNew) {
  const cyrillic = /\p{Script=Cyrillic}/u.test(text);
  const latin = /\p{Script=Latin}/u.test(text);
  if (cyrillic && latin) return live.dataset.mixed;
  // A new password may be in any alphabet; only one that must be met again can be in the wrong one.
  if (isNew) return "";
  if (cyrillic && document.documentElement.lang !== "ru") return live.dataset.cyrillic;
  // Who reads Russian has two layouts; which one is on cannot be seen behind the dots.
  if (document.documentElement.lang === "ru" && (cyrillic || latin)) return cyrillic ? live.dataset.cyrillic : live.dataset.latin;
  return "";
}

for (const input of by("input[data-live]")) {
  const live = document.getElementById(input.dataset.live);
  const meter = input.dataset.meter && document.getElementById(input.dataset.meter);
  let caps = false;
  let strength = "";

  const say = () => {
    const parts = [
      [caps && live.dataset.caps, "alarm"],
      [input.type === "password" && input.value && layoutHint(input.value, live, input.autocomplete === "new-password"), "alarm"],
      [strength, ""],
    ].filter(([text]) => text);
    const spans = parts.map(([text, className]) => Object.assign(document.createElement("span"), { textContent: text, className }));
    if (live.textContent !== spans.map((span) => span.textContent).join("")) live.replaceChildren(...spans);
  };
  const key = (event) => {
    // Browsers that fill a field send key events without this method.
    if (typeof event.getModifierState !== "function") return;
    caps = event.getModifierState("CapsLock");
    say();
  };
  input.addEventListener("keydown", key);
  input.addEventListener("keyup", key);
  input.addEventListener("blur", () => {
    caps = false;
    say();
  });
  input.addEventListener("input", say);

  if (meter) {
    let timer = 0;
    let asked = 0;
    const ask = async () => {
      const mine = ++asked;
      const form = new FormData(input.form);
      let answer;
      try {
        const response = await fetch("/api/v1/passwords/check", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({
            password: input.value,
            name: String(form.get("name") ?? ""),
            email: String(form.get("email") ?? form.get("username") ?? ""),
          }),
        });
        if (!response.ok) return;
        answer = await response.json();
      } catch {
        return;
      }
      if (mine !== asked) return;
      // What will be refused is not called strong, whatever it would be worth elsewhere.
      const refused = answer.problems[0]?.message ?? "";
      meter.dataset.strength = refused ? "low" : answer.strength;
      strength = refused || meter.dataset[answer.strength];
      say();
    };
    const later = () => {
      clearTimeout(timer);
      if (input.value) {
        timer = setTimeout(ask, 350);
      } else {
        asked += 1;
        strength = "";
        delete meter.dataset.strength;
        say();
      }
    };
    input.addEventListener("input", later);
  }
}

// ---------------------------------------------------------------- generator

/** A number from 0 to below `count`, each equally likely: what does not divide evenly is thrown away. */
function below(count) {
  const most = Math.floor(2 ** 32 / count) * count;
  const box = new Uint32Array(1);
  do crypto.getRandomValues(box);
  while (box[0] >= most);
  return box[0] % count;
}

const SETS = {
  lower: "abcdefghijkmnopqrstuvwxyz",
  upper: "ABCDEFGHJKLMNPQRSTUVWXYZ",
  digits: "23456789",
  symbols: "!#$%&*+-=?@_~",
};

function fromCharacters(length, names) {
  const sets = names.map((name) => SETS[name]);
  const all = sets.join("");
  // Drawn anew until every chosen set is in it: so all such passwords stay equally likely.
  for (;;) {
    const password = Array.from({ length }, () => all[below(all.length)]).join("");
    if (sets.every((set) => [...set].some((c) => password.includes(c)))) return password;
  }
}

let words;
async function fromWords(count, url) {
  words ??= fetch(url).then(async (response) => {
    if (!response.ok) throw new Error("no words");
    return (await response.text()).split(/\s+/).filter(Boolean);
  });
  const list = await words;
  return Array.from({ length: count }, () => list[below(list.length)]).join(" ");
}

const RANGES = { words: { min: 4, max: 10, value: 5 }, characters: { min: 15, max: 64, value: 20 } };

for (const box of by("[data-generator]")) {
  const target = document.getElementById(box.dataset.generator);
  const again = document.getElementById(box.dataset.again);
  const result = box.querySelector("[data-result]");
  const length = box.querySelector("[data-length]");
  const shown = box.querySelector("[data-length-shown]");
  const sets = box.querySelector("[data-sets]");
  const style = () => box.querySelector("[data-style]:checked").dataset.style;
  let password = "";

  const make = async () => {
    shown.textContent = length.value;
    const chosen = by("[data-set]:checked", box).map((check) => check.dataset.set);
    try {
      password =
        style() === "words" ? await fromWords(Number(length.value), box.dataset.words) : fromCharacters(Number(length.value), chosen);
    } catch {
      box.querySelector('[data-style="characters"]').checked = true;
      change();
      return;
    }
    result.textContent = password;
  };
  const change = () => {
    Object.assign(length, RANGES[style()]);
    sets.hidden = style() === "words";
    make();
  };

  box.addEventListener("toggle", () => box.open && make());
  length.addEventListener("input", make);
  for (const radio of by("[data-style]", box)) radio.addEventListener("change", change);
  for (const check of by("[data-set]", box)) {
    check.addEventListener("change", () => {
      if (by("[data-set]:checked", box).length === 0) check.checked = true;
      make();
    });
  }
  box.querySelector("[data-another]").addEventListener("click", make);
  box.querySelector("[data-use]").addEventListener("click", (event) => {
    for (const input of [target, again].filter(Boolean)) {
      input.value = password;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("sparekey:reveal"));
    }
    result.textContent = event.currentTarget.dataset.used;
  });
}

// ---------------------------------------------------------------- resend countdown

for (const button of by("[data-countdown]")) {
  const text = document.getElementById(button.dataset.shown);
  const until = Date.now() + Number(button.dataset.countdown) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0) {
      button.setAttribute("aria-disabled", "true");
      text.textContent = text.dataset.text.replace("{seconds}", left);
      setTimeout(tick, 250);
    } else {
      button.removeAttribute("aria-disabled");
      text.textContent = text.dataset.now;
    }
  };
  button.addEventListener("click", (event) => {
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
  });
  tick();
}

// ---------------------------------------------------------------- waiting for another device

for (const box of by("[data-watch]")) {
  const { watch, watchAt, watchGo } = box.dataset;
  const look = async () => {
    try {
      const page = document.visibilityState === "visible" && (await (await fetch(watchAt)).text());
      const now = page && (new DOMParser().parseFromString(page, "text/html").querySelector("[data-watch]")?.dataset.watch ?? "");
      if (now === "approved" && watchGo) return document.getElementById(watchGo).requestSubmit();
      if (now !== false && now !== watch) return location.replace(watchAt);
    } catch {
      // The network is gone for a moment; the button on the page works, too.
    }
    setTimeout(look, 2500);
  };
  setTimeout(look, 2500);
}

// ---------------------------------------------------------------- sending: offline, twice

const network = document.getElementById("network");
const tell = (text) => {
  const note = Object.assign(document.createElement("p"), { className: "note warm", textContent: text });
  network.replaceChildren(...(text ? [note] : []));
  if (text) network.scrollIntoView({ block: "nearest" });
};
let heldBack = false;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!navigator.onLine) {
    event.preventDefault();
    heldBack = true;
    tell(document.body.dataset.offline);
  } else if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
  } else if (!event.defaultPrevented) {
    form.setAttribute("aria-busy", "true");
    // If no answer comes, the button works again.
    setTimeout(() => form.removeAttribute("aria-busy"), 8000);
  }
});
window.addEventListener("online", () => {
  if (heldBack) tell(document.body.dataset.online);
  heldBack = false;
});
window.addEventListener("pageshow", () => by('form[aria-busy="true"]').forEach((form) => form.removeAttribute("aria-busy")));

// ---------------------------------------------------------------- back to a page that said what was wrong

// It was the answer to a form, which a browser could only show again by sending the form again. So it is left under its page's own address.
if (document.body.dataset.standsAt) history.replaceState(history.state, "", document.body.dataset.standsAt);

// ---------------------------------------------------------------- what is wrong gets the focus

document.querySelector(".summary, .note[autofocus]")?.focus();

// ---------------------------------------------------------------- copy and print

for (const button of by("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const from = document.getElementById(button.dataset.copy);
    const lines = by("li", from);
    const text = lines.length ? lines.map((line) => line.textContent.replace(/\s+/g, " ").trim()).join("\n") : from.textContent.trim();
    await navigator.clipboard.writeText(text);
    button.textContent = button.dataset.copied;
  });
}

for (const button of by("[data-print]")) button.addEventListener("click", () => window.print());
