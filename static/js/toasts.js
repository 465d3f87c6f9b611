// Notices that come and go without taking the focus; announced politely.
import { icon, onElement } from "./elements.js";

const ICONS = { ok: "circle-check", warn: "triangle-alert", danger: "octagon-alert", info: "info" };
const LATER = "toasts-later";

/** Show a notice. tone: ok, info, warn, danger. undo: a function; a button then offers it. */
export function toast(text, { tone = "info", undo = null } = {}) {
  const list = document.querySelector("[data-toasts]");
  if (!list || !text) return null;
  const box = document.createElement("div");
  box.className = `toast toast-${tone}`;
  box.dataset.toast = "";
  const words = document.createElement("p");
  words.textContent = text;
  box.append(icon(ICONS[tone] ?? ICONS.info), words);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Undo";
    button.addEventListener("click", () => {
      box.remove();
      undo();
    });
    box.append(button);
  }
  // The same notice twice in a row is one notice.
  for (const other of list.children) if (other.querySelector("p")?.textContent === text) other.remove();
  list.append(box);
  return box;
}

/** Keep notices for the page that is opened next. */
export function toastLater(notices) {
  try {
    sessionStorage.setItem(LATER, JSON.stringify(notices));
  } catch {
    // Without storage the notice is lost, the page it announced still comes.
  }
}

/** The notices in a page that was fetched, as {text, tone}. */
export function toastsIn(page) {
  return [...page.querySelectorAll("[data-toasts] [data-toast]")].map((box) => ({
    text: box.querySelector("p")?.textContent ?? "",
    tone: [...box.classList].find((name) => name.startsWith("toast-"))?.slice(6) ?? "info",
  }));
}

/** Say something to screen readers only. */
export function announce(text) {
  let region = document.getElementById("announcer");
  if (!region) {
    region = document.createElement("div");
    region.id = "announcer";
    region.className = "sr-only";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}

onElement("[data-toast]", (box) => {
  if (!box.querySelector(".toast-close")) {
    const close = document.createElement("button");
    close.type = "button";
    close.className = "toast-close";
    close.setAttribute("aria-label", "Close this notice");
    close.append(icon("x", 14));
    close.addEventListener("click", () => box.remove());
    box.append(close);
  }
  // Bad news stays until it is closed; good news leaves unless somebody is reading it.
  if (box.classList.contains("toast-danger") || box.classList.contains("toast-warn")) return;
  const words = box.textContent.length;
  const leave = () => (box.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : box.remove());
  setTimeout(leave, Math.max(6000, words * 90));
});

try {
  const kept = JSON.parse(sessionStorage.getItem(LATER) ?? "[]");
  sessionStorage.removeItem(LATER);
  for (const notice of kept) toast(notice.text, notice);
} catch {
  // No storage: nothing was kept.
}
