// The review desk: versions, autosave's answers, the named lease, places and notes, passages, keys.

import { toast } from "./toasts.js";
import { openDialog } from "./dialogs.js";
import { csrfToken } from "./csrf.js";
import "./notes.js";
import "./leaving.js";

const desk = document.querySelector("[data-desk]");
const saved = document.getElementById("desk-saved");
const problem = document.getElementById("desk-problem");

function setVersion(version) {
  desk.dataset.version = version;
  // A swap of some smaller part asks here: it must not find the version the page was opened with.
  const work = document.getElementById("desk-work");
  if (work) work.dataset.version = version;
  for (const field of document.querySelectorAll("[data-version-field]")) field.value = version;
}

function say(words) {
  if (saved) saved.textContent = words;
}

function refuse(words) {
  problem.textContent = words;
  problem.hidden = false;
  say("Not saved");
}

// What a page shows is what is stored: a level that was refused goes back to the one before.
function levels(event) {
  return [...(event.target.closest("form")?.querySelectorAll("input[type=radio]") ?? [])];
}

document.body.addEventListener("desk:saved", (event) => {
  for (const radio of levels(event)) radio.defaultChecked = radio.checked;
  setVersion(event.detail.version);
  problem.hidden = true;
  say("Saved");
});
document.body.addEventListener("desk:refused", (event) => {
  for (const radio of levels(event)) radio.checked = radio.defaultChecked;
  // Words stay as typed; leaving without them asks (guards.js).
  const form = event.target.closest("form");
  if (form?.querySelector("textarea")) form.dataset.unsaved = "yes";
  refuse(event.detail.words);
});
document.body.addEventListener("htmx:beforeRequest", () => say("Saving…"));
document.body.addEventListener("htmx:sendError", () =>
  refuse("The connection is gone. What you typed is still here; change it again when you are back online."),
);
document.body.addEventListener("htmx:afterSwap", () => {
  const work = document.getElementById("desk-work");
  if (work && work.dataset.version) setVersion(work.dataset.version);
  say("Saved");
});

// The named lease: said when the page is open, dropped when it is left.
async function lease(leave) {
  const url = desk.dataset.lease;
  if (!url) return;
  const body = new FormData();
  body.set("csrfmiddlewaretoken", csrfToken());
  if (leave) {
    body.set("leave", "1");
    navigator.sendBeacon(url, body);
    return;
  }
  try {
    const response = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" } });
    if (response.ok) {
      const words = await response.text();
      const place = document.getElementById("desk-lease");
      const parsed = new DOMParser().parseFromString(words, "text/html");
      place.replaceChildren(...parsed.body.childNodes);
    }
  } catch {
    // Offline: the version check still guards the work.
  }
}
lease(false);
setInterval(() => lease(false), 60000);
window.addEventListener("pagehide", () => lease(true));

// A selected passage becomes the place of a new note: offsets into the draft's text.
function offsetOf(node, offset) {
  const block = (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement).closest("[data-at]");
  if (!block) return null;
  let count = Number(block.dataset.at);
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT, (text) =>
    text.parentElement.closest("[data-skip]") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    if (text === node) return count + [...text.data.slice(0, offset)].length;
    count += [...text.data].length;
  }
  return count;
}

let picked = null;
const pickButton = document.getElementById("pick-note");
if (pickButton) pickButton.addEventListener("click", addNote);
document.addEventListener("selectionchange", () => {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || !selection.rangeCount) return;
  const range = selection.getRangeAt(0);
  const area = document.querySelector("[data-selectable]");
  if (!area || !area.contains(range.commonAncestorContainer)) return;
  const start = offsetOf(range.startContainer, range.startOffset);
  const end = offsetOf(range.endContainer, range.endOffset);
  if (start === null || end === null || end <= start) return;
  picked = { start, end, words: selection.toString().trim() };
  if (pickButton) pickButton.hidden = !document.getElementById("add-note");
  fillPassage();
});

function fillPassage() {
  const form = document.querySelector("#add-note form");
  if (!form || !picked) return;
  form.elements.start.value = picked.start;
  form.elements.end.value = picked.end;
  const place = document.getElementById("picked");
  place.textContent = picked.words;
  place.hidden = false;
  const hint = form.querySelector(".hint");
  if (hint) hint.hidden = true;
}

function addNote() {
  const details = document.getElementById("add-note");
  if (!details) return;
  details.open = true;
  fillPassage();
  document.getElementById("add-comment").focus();
}

// Keys, off while typing and off for people who switched them off.
function typing(target) {
  return target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
}

function focusedNote() {
  return document.activeElement.closest("[data-item]") || document.querySelector("[data-item].is-active");
}

function act(name) {
  const note = focusedNote();
  const control = note && note.querySelector(`[data-act="${name}"]`);
  if (!control) {
    toast("Choose a note first.", { tone: "info" });
    return;
  }
  control.click();
  if (name === "edit") note.querySelector("textarea").focus();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const button = document.getElementById("approve-next");
    if (button) {
      event.preventDefault();
      button.click();
    }
    return;
  }
  if (!("keys" in desk.dataset) || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const go = { j: "go-next", n: "go-next", k: "go-previous" }[event.key];
  if (go) {
    const link = document.getElementById(go);
    if (link) link.click();
  } else if (/^[1-9]$/.test(event.key)) {
    const criterion = document.activeElement.closest("[data-criterion]");
    const radio = criterion && criterion.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
    if (radio && !radio.disabled) radio.click();
  } else if (event.key === "a") act("show");
  else if (event.key === "x") act("discard");
  else if (event.key === "e") act("edit");
  else if (event.key === "c") addNote();
  else if (event.key === "?") openDialog("desk-keys");
  else return;
  event.preventDefault();
});
