// Fields that help while typing: counters, text areas that grow, the error summary in focus.
import { onElement } from "./elements.js";

const countWords = (text) => text.trim().split(/\s+/u).filter(Boolean).length;

onElement("[data-counter]", (control) => {
  const out = document.getElementById(control.dataset.counterOut);
  if (!out) return;
  const inWords = control.dataset.counter === "words";
  const most = Number(control.dataset.counterMax) || 0;
  const unit = (n) => (inWords ? (n === 1 ? "word" : "words") : n === 1 ? "character" : "characters");
  const show = () => {
    const n = inWords ? countWords(control.value) : [...control.value].length;
    const over = most && n > most;
    out.classList.toggle("is-over", Boolean(over));
    if (over) out.textContent = `${(n - most).toLocaleString()} ${unit(n - most)} too many`;
    else if (most) out.textContent = `${n.toLocaleString()} of ${most.toLocaleString()} ${unit(most)}`;
    else out.textContent = `${n.toLocaleString()} ${unit(n)}`;
  };
  control.addEventListener("input", show);
  show();
});

onElement("textarea[data-autogrow]", (area) => {
  if (CSS.supports("field-sizing", "content")) return;
  const grow = () => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  };
  area.addEventListener("input", grow);
  grow();
});

onElement("[data-focus]", (element) => setTimeout(() => element.focus({ preventScroll: false })));
