// Passkeys and security keys: asks the browser for what a form says, and sends the form with its answer.
// The form says it in `data-options` (JSON), with `data-passkey="create"` or `"get"`; its words stand in `data-…` too.
// Nothing is decided here: the server judges the answer.

const asks = [...document.querySelectorAll("form[data-passkey]")];
const able = typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

/** The text for what the browser said; people who close the dialog have done nothing wrong. */
function wordsFor(form, error) {
  if (error.name === "NotAllowedError" || error.name === "AbortError") return form.dataset.cancelled;
  if (error.name === "InvalidStateError") return form.dataset.known;
  return form.dataset.failed;
}

function say(form, text) {
  const live = form.querySelector("[data-says]");
  live.textContent = text;
  live.hidden = !text;
}

async function credential(form, more) {
  const options = JSON.parse(form.dataset.options);
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), ...more })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more });
}

function send(form, found) {
  form.elements.answer.value = JSON.stringify(found);
  form.submit();
}

// One question to the browser at a time: the list of passkeys under the name field waits until the button is pressed.
let waiting = new AbortController();

for (const form of asks) {
  const button = form.querySelector("button");
  if (!able) {
    if (button.dataset.optional === undefined) say(form, form.dataset.unable);
    button.hidden = true;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    waiting.abort();
    waiting = new AbortController();
    say(form, "");
    button.setAttribute("aria-disabled", "true");
    try {
      send(form, await credential(form, { signal: waiting.signal }));
    } catch (error) {
      say(form, wordsFor(form, error));
      button.focus();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
}

// ---------------------------------------------------------------- the browser's own list, under the name field

const autofill = asks.find((form) => form.dataset.autofill !== undefined);
if (able && autofill && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
  try {
    send(autofill, await credential(autofill, { mediation: "conditional", signal: waiting.signal }));
  } catch {
    // Nothing was chosen there: the name, the password and the button are still on the page.
  }
}
