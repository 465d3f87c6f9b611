// Lists: filter bars that send themselves, the bar for ticked rows.
import { onElement } from "./elements.js";
import { announce, toast } from "./toasts.js";

onElement("form[data-filter]", (form) => {
  const target = form.dataset.filter;
  let timer = 0;
  let running = null;
  async function show() {
    clearTimeout(timer);
    const place = target && document.querySelector(target);
    if (!place) return form.requestSubmit();
    const filled = [...new FormData(form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(filled).toString();
    const url = `${form.getAttribute("action") || location.pathname}${query ? `?${query}` : ""}`;
    running?.abort();
    running = new AbortController();
    place.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(url, { credentials: "same-origin", signal: running.signal });
      if (!response.ok) throw new Error(String(response.status));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector(target);
      if (!fresh) return location.assign(url);
      place.replaceWith(document.adoptNode(fresh));
      history.replaceState(history.state, "", url);
      window.htmx?.process(fresh);
      announce(fresh.querySelector(".pagination p, .list-count, .empty-title")?.textContent.trim() ?? "");
    } catch (error) {
      if (error.name === "AbortError") return;
      place.removeAttribute("aria-busy");
      toast("The list could not be loaded. Please try again.", { tone: "danger" });
    }
  }
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (event.target.matches("input[type=search], input[type=text]")) timer = setTimeout(show, 300);
  });
  form.addEventListener("change", (event) => {
    if (!event.target.matches("input[type=search], input[type=text]")) show();
  });
  form.addEventListener("submit", (event) => {
    if (!target || !document.querySelector(target)) return;
    event.preventDefault();
    show();
  });
});

onElement("[data-bulk]", (bar) => {
  const form = bar.closest("form");
  if (!form) return;
  const boxes = () => [...form.querySelectorAll('.check input[type="checkbox"]:not([data-bulk-all])')];
  const refresh = () => {
    const all = boxes();
    const ticked = all.filter((box) => box.checked);
    bar.hidden = ticked.length === 0;
    for (const out of bar.querySelectorAll("[data-bulk-count]")) out.textContent = ticked.length;
    for (const box of all) box.closest("tr")?.classList.toggle("is-selected", box.checked);
    const master = form.querySelector("[data-bulk-all]");
    if (master) {
      master.checked = all.length > 0 && ticked.length === all.length;
      master.indeterminate = ticked.length > 0 && ticked.length < all.length;
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-bulk-all]")) for (const box of boxes()) box.checked = event.target.checked;
    refresh();
  });
  refresh();
});
