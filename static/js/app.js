// Loaded on every page: starts what the components need. Pages work without it; it makes them quicker to use.
import { csrfToken } from "./csrf.js";
import "./dialogs.js";
import "./dropzone.js";
import { onElement } from "./elements.js";
import "./fields.js";
import "./guards.js";
import "./lists.js";
import "./paste.js";
import "./poll.js";
import "./tabs.js";
import { announce, toast } from "./toasts.js";

// --- htmx -------------------------------------------------------------------------------------------
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
});

const WORDS = {
  400: "The site could not make sense of this. Please reload the page.",
  401: "You are signed out. Please sign in again.",
  403: "You may not do this, or the page was open for too long. Please reload it.",
  404: "This is not there any more. Please reload the page.",
  409: "Somebody else changed this meanwhile. Please reload the page.",
  413: "That is too large for this site.",
  429: "That was quick. Please wait a moment and try again.",
};
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  const plain = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/plain") && xhr.responseText.length < 400;
  const words = plain && xhr.responseText ? xhr.responseText : WORDS[xhr.status];
  toast(words ?? "Something went wrong on our side; nothing may have been changed. Please try again.", { tone: "danger" });
});
document.addEventListener("htmx:sendError", () => toast("No connection; nothing was sent. Please try again.", { tone: "danger" }));
document.addEventListener("htmx:timeout", () => toast("The answer took too long. Please look whether it was done.", { tone: "warn" }));
document.addEventListener("htmx:beforeSwap", (event) => {
  // Signed out meanwhile: the answer is the sign-in page, which belongs into the window, not into a panel.
  const login = document.querySelector('meta[name="login-url"]')?.content;
  const { xhr } = event.detail;
  if (!login || !xhr.responseURL || new URL(xhr.responseURL).pathname !== login) return;
  event.detail.shouldSwap = false;
  location.assign(`${login}?next=${encodeURIComponent(location.pathname + location.search)}`);
});
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, { tone: event.detail.tone }));

// --- light and dark -----------------------------------------------------------------------------------
onElement("[data-theme-toggle]", (button) => {
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
    // Choosing what the system does anyway means following the system again.
    if (next === system) delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      if (next === system) localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      // Storage is closed: the choice holds for this page.
    }
    announce(next === "dark" ? "Dark" : "Light");
  });
});

// --- menus ----------------------------------------------------------------------------------------------
const openMenus = () => document.querySelectorAll("details[data-menu][open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
});
document.addEventListener("focusin", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

// --- copy -------------------------------------------------------------------------------------------------
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  const source = button && document.querySelector(button.dataset.copy);
  if (!source) return;
  try {
    await navigator.clipboard.writeText("value" in source ? source.value : source.textContent.trim());
    toast("Copied.", { tone: "ok" });
  } catch {
    toast("The browser did not allow copying; please select the text yourself.", { tone: "warn" });
  }
});
