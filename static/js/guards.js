// Two guards for forms: a second click sends nothing, and unsaved words are not lost without a question.
import { onElement } from "./elements.js";

const SENDING = "sending";

function busy(form, button) {
  form.dataset[SENDING] = "yes";
  if (!button) return;
  button.classList.add("is-busy");
  button.setAttribute("aria-disabled", "true");
  const label = button.querySelector("span:not(.sr-only)");
  if (button.dataset.busy && label) {
    button.dataset.label = label.textContent;
    label.textContent = button.dataset.busy;
  }
}

function rest(form) {
  delete form.dataset[SENDING];
  for (const button of document.querySelectorAll(".btn.is-busy")) {
    if (button.form !== form) continue;
    button.classList.remove("is-busy");
    button.removeAttribute("aria-disabled");
    const label = button.querySelector("span:not(.sr-only)");
    if (button.dataset.label && label) label.textContent = button.dataset.label;
  }
}

// Capture: a doubled click must not reach htmx or the upload either.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method !== "post" || form.dataset.once === "off") return;
    if (form.dataset[SENDING]) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    busy(form, event.submitter);
    // Somebody else stopped the sending, or the answer was a download: the form stays and works again.
    setTimeout(() => {
      if (event.defaultPrevented && !form.closest("[data-upload]") && !isHtmx(form)) rest(form);
    });
    setTimeout(() => rest(form), 15000);
  },
  true,
);
const isHtmx = (form) => ["hx-post", "hx-put", "hx-patch", "hx-delete", "data-hx-post"].some((name) => form.hasAttribute(name));

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt?.closest?.("form");
  if (!form) return;
  rest(form);
  if (event.detail.successful) delete form.dataset.unsaved;
});
document.addEventListener("form:rest", (event) => rest(event.target));
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("form")) rest(form);
});

onElement("form[data-guard]", (form) => {
  const changed = () => (form.dataset.unsaved = "yes");
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => delete form.dataset.unsaved);
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-unsaved]")) event.preventDefault();
});
