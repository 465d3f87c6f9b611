// Dialogs: <a data-dialog="id" href="#id"> opens, [data-dialog-close] closes. Without scripts :target shows them.
import { onElement } from "./elements.js";

/** Open the dialog with this id; returns it, or null when there is none. */
export function openDialog(id, opener = null) {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement)) return null;
  if (opener) fill(dialog, opener);
  if (!dialog.open) dialog.showModal();
  return dialog;
}

// One dialog serves a whole list: the opener's data-fill-name goes into [data-fill="name"], data-action becomes the form's address.
function fill(dialog, opener) {
  for (const place of dialog.querySelectorAll("[data-fill]")) {
    const key = `fill${place.dataset.fill.charAt(0).toUpperCase()}${place.dataset.fill.slice(1)}`;
    const value = opener.dataset[key] ?? "";
    if ("value" in place && place.tagName !== "LI" && place.tagName !== "BUTTON") place.value = value;
    else place.textContent = value;
  }
  const form = dialog.querySelector("form");
  if (form && opener.dataset.action) form.action = opener.dataset.action;
}

/** Ask before doing; resolves to true when confirmed. */
export function confirmDialog({ title, text = "", action = "OK", cancel = "Cancel", danger = false }) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  const part = (name, className, words = "") => {
    const element = document.createElement(name);
    element.className = className;
    element.textContent = words;
    return element;
  };
  const head = part("div", "dialog-head");
  const heading = part("h2", "dialog-title", title);
  heading.id = "confirm-title";
  head.append(heading);
  const body = part("div", "dialog-body");
  body.append(part("p", "", text));
  const foot = part("div", "dialog-foot");
  const yes = part("button", `btn ${danger ? "btn-danger" : "btn-primary"}`, action);
  const no = part("button", "btn btn-quiet", cancel);
  yes.type = no.type = "button";
  foot.append(yes, no);
  dialog.append(head, body, foot);
  document.body.append(dialog);
  return new Promise((resolve) => {
    yes.addEventListener("click", () => dialog.close("yes"));
    no.addEventListener("click", () => dialog.close(""));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener && openDialog(opener.dataset.dialog, opener)) {
    event.preventDefault();
    return;
  }
  const closer = event.target.closest?.("[data-dialog-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog")?.close();
    return;
  }
  // A click on the backdrop lands on the dialog itself.
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && event.clientX + event.clientY > 0) event.target.close();
  }
});

// A link that acts as a button answers to the space bar as buttons do.
document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches?.('a[role="button"]')) {
    event.preventDefault();
    event.target.click();
  }
});

onElement("dialog.dialog", (dialog) => {
  const asked = location.hash.length > 1 && location.hash.slice(1) === dialog.id;
  if (asked) history.replaceState(history.state, "", location.pathname + location.search);
  if (asked || dialog.hasAttribute("data-open")) dialog.showModal();
});
