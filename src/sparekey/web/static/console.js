// Shortcuts of the console. Every key has a button or link that does the same, and all of them can be switched off (WCAG 2.2, 2.1.4).

const OFF = "sparekey-console-keys-off";
const by = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (element) => element.matches("textarea, select, input:not([type=radio])");

const toggle = document.querySelector("[data-keys-toggle]");
const isOff = () => localStorage.getItem(OFF) === "yes";
const label = () => {
  if (toggle) toggle.textContent = isOff() ? toggle.dataset.on : toggle.dataset.off;
};
label();
toggle?.addEventListener("click", () => {
  localStorage.setItem(OFF, isOff() ? "no" : "yes");
  label();
});

function move(by_) {
  const rows = by("[data-row]");
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(at + by_, 0), rows.length - 1)]?.focus();
}

function choose(number) {
  const radio = by("input[type=radio]", document.activeElement.closest("form") ?? document.createElement("form"))[number - 1];
  if (radio) {
    radio.checked = true;
    radio.focus();
  }
  return Boolean(radio);
}

// By the place of the key: a Russian or Chinese layout has the same shortcuts.
document.addEventListener("keydown", (event) => {
  if (isOff() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase();
  if (digit) {
    if (choose(Number(digit[1]))) event.preventDefault();
  } else if (letter === "j" || letter === "k") {
    move(letter === "j" ? 1 : -1);
    event.preventDefault();
  } else if (letter) {
    const target = document.querySelector(`[data-key="${letter}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("a, button")) target.click();
    else target.querySelector("input[type=radio]:checked, input[type=radio], textarea")?.focus();
  }
});
