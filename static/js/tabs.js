// Tabs inside a page: links to sections become a tab list; without scripts all sections show.
import { onElement } from "./elements.js";

onElement("[data-tabs]", (box) => {
  const list = box.querySelector(".tabs");
  const tabs = [...list.querySelectorAll('a[href^="#"]')];
  const panels = tabs.map((tab) => document.getElementById(tab.hash.slice(1)));
  if (panels.some((panel) => !panel)) return;
  const row = tabs[0].closest("ul");
  (row ?? list).setAttribute("role", "tablist");
  if (row) {
    row.setAttribute("aria-label", list.getAttribute("aria-label") ?? "");
    for (const item of row.children) item.setAttribute("role", "presentation");
  }
  const select = (index, focus) => {
    tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
      panels[i].hidden = i !== index;
    });
    if (focus) tabs[index].focus();
    box.dispatchEvent(new CustomEvent("tabs:change", { bubbles: true, detail: { id: panels[index].id } }));
  };
  tabs.forEach((tab, index) => {
    tab.setAttribute("role", "tab");
    tab.id ||= `tab-${panels[index].id}`;
    tab.setAttribute("aria-controls", panels[index].id);
    panels[index].setAttribute("role", "tabpanel");
    panels[index].setAttribute("aria-labelledby", tab.id);
    if (!panels[index].hasAttribute("tabindex")) panels[index].tabIndex = 0;
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      select(index, false);
    });
    tab.addEventListener("keydown", (event) => {
      const last = tabs.length - 1;
      const next = { ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index === 0 ? last : index - 1, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      select(next, true);
    });
  });
  const asked = tabs.findIndex((tab) => tab.hash === location.hash && tab.hash);
  const marked = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true" || tab.hasAttribute("aria-current"));
  select(Math.max(asked, marked, 0), false);
});
