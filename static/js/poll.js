// Asks an address again and again, ever more slowly while nothing changes, and not at all in a hidden tab.
import { onElement } from "./elements.js";
import { toast } from "./toasts.js";

const STOP = new Set([204, 286, 401, 403, 404, 410]);

/** Poll url; onAnswer(response, text) returns false to stop. Returns a function that stops it. */
export function poll(url, { minS = 3, maxS = 30, onAnswer }) {
  let wait = minS;
  let last = null;
  let timer = 0;
  let failures = 0;
  let stopped = false;
  const again = () => {
    // A little spread, so that a class that opened a page together does not ask together.
    if (!stopped) timer = setTimeout(ask, wait * 1000 * (0.9 + Math.random() * 0.2));
  };
  async function ask() {
    if (document.hidden) return again();
    try {
      const response = await fetch(url, { credentials: "same-origin", headers: { "HX-Request": "true" } });
      const text = await response.text();
      if (stopped) return;
      if (response.status >= 500 || response.status === 429) throw new Error(String(response.status));
      if (failures > 2) toast("The connection is back.", { tone: "ok" });
      failures = 0;
      const elsewhere = response.headers.get("HX-Redirect");
      if (elsewhere) return location.assign(elsewhere);
      if (response.headers.get("HX-Refresh") === "true") return location.reload();
      wait = text === last ? Math.min(maxS, wait * 1.5) : minS;
      last = text;
      if (onAnswer(response, text) === false || STOP.has(response.status)) return;
    } catch {
      failures += 1;
      wait = Math.min(maxS, wait * 2);
      if (failures === 3) toast("No connection at the moment; this page keeps trying.", { tone: "warn" });
    }
    again();
  }
  const wake = () => {
    if (document.hidden || stopped) return;
    clearTimeout(timer);
    wait = minS;
    ask();
  };
  document.addEventListener("visibilitychange", wake);
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", wake);
  };
}

onElement("[data-poll]", (element) => {
  if (element.dataset.polling) return;
  element.dataset.polling = "yes";
  let current = element;
  const stop = poll(element.dataset.poll, {
    minS: Number(element.dataset.pollMin) || 3,
    maxS: Number(element.dataset.pollMax) || 30,
    onAnswer(response, text) {
      if (!current.isConnected) return false;
      if (response.status === 204 || response.status >= 400) return response.status < 400;
      const fresh = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
      if (!fresh) return true;
      const goesOn = fresh.matches("[data-poll]") && response.status !== 286;
      if (goesOn) fresh.dataset.polling = "yes";
      if (fresh.outerHTML === current.outerHTML) return goesOn;
      const focused = current.contains(document.activeElement) ? document.activeElement.id : "";
      update(current, fresh);
      current = fresh.isConnected ? fresh : current;
      window.htmx?.process(current);
      if (focused) document.getElementById(focused)?.focus();
      return goesOn;
    },
  });
  element.addEventListener("poll:stop", stop);
});

// Live regions must stay the same element to be heard: when one is inside, only contents change.
function update(current, fresh) {
  const regions = [...current.querySelectorAll("[aria-live][id]")];
  const kept = regions.filter((region) => fresh.querySelector(`#${CSS.escape(region.id)}`));
  if (current.hasAttribute("aria-live") && fresh.hasAttribute("aria-live")) {
    for (const { name } of [...current.attributes]) if (!fresh.hasAttribute(name)) current.removeAttribute(name);
    for (const { name, value } of fresh.attributes) current.setAttribute(name, value);
    if (current.innerHTML !== fresh.innerHTML) current.replaceChildren(...fresh.childNodes);
    return;
  }
  for (const region of kept) {
    const twin = fresh.querySelector(`#${CSS.escape(region.id)}`);
    const words = [...twin.childNodes];
    const changed = region.innerHTML !== twin.innerHTML;
    twin.replaceWith(region);
    if (changed) setTimeout(() => region.replaceChildren(...words), 30);
  }
  current.replaceWith(fresh);
}
