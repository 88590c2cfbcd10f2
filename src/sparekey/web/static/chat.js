// What is said in a case appears as it is said. Without this script the page is reloaded. Text is text: nothing in it is ever markup.

const chat = document.querySelector("[data-stream]");
const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

if (chat && window.EventSource) {
  const list = chat.querySelector("ol");
  const newest = Number(list.lastElementChild?.dataset.seq ?? 0);
  const source = new EventSource(`${chat.dataset.stream}?after=${newest}`);
  source.addEventListener("message", (event) => {
    if (list.querySelector(`[data-seq="${CSS.escape(event.lastEventId)}"]`)) return;
    const said = JSON.parse(event.data);
    const item = chat.querySelector(`template[data-author="${CSS.escape(said.author)}"]`).content.firstElementChild.cloneNode(true);
    item.dataset.seq = event.lastEventId;
    item.querySelector("[data-text]").textContent = said.text;
    const time = item.querySelector("time");
    time.dateTime = said.at;
    time.textContent = format.format(new Date(said.at));
    list.append(item);
    chat.querySelector("[data-none]")?.remove();
    item.scrollIntoView({ block: "nearest" });
  });
  window.addEventListener("pagehide", () => source.close());
}
