// The feedback page: choosing a note finds its place in the draft, choosing a place finds its note.

// The desk replaces its work area after a change, so the listener sits on the document.
const find = () => document.querySelector("[data-notes-page]");

function activate(page, number) {
  for (const note of page.querySelectorAll(".note")) {
    note.classList.toggle("is-active", note.dataset.number === number);
  }
  for (const mark of page.querySelectorAll("mark.hl")) {
    mark.classList.toggle("is-active", (mark.dataset.notes || "").split(" ").includes(number));
  }
}

function calm() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

document.addEventListener("click", (event) => {
  const page = find();
  if (!page || !page.contains(event.target)) return;
  if (event.target.closest("a, button, input, textarea, label, form")) {
    const link = event.target.closest('a[href^="#note-"], a[href^="#place-"]');
    if (!link) return;
    const number = link.getAttribute("href").replace(/^#(note|place)-/, "");
    event.preventDefault();
    activate(page, number);
    const goal = page.querySelector(link.getAttribute("href"));
    if (goal) {
      goal.scrollIntoView({ block: "center", behavior: calm() });
      goal.focus({ preventScroll: true });
    }
    return;
  }
  const mark = event.target.closest("mark.hl");
  if (mark) {
    const number = (mark.dataset.notes || "").split(" ")[0];
    activate(page, number);
    const note = document.getElementById(`note-${number}`);
    if (note) note.scrollIntoView({ block: "nearest", behavior: calm() });
    return;
  }
  const note = event.target.closest(".note");
  if (note) {
    activate(page, note.dataset.number);
    const place = document.getElementById(`place-${note.dataset.number}`);
    if (place) place.scrollIntoView({ block: "center", behavior: calm() });
  }
});
