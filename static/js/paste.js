// A text area that keeps the formatting of what is pasted into it, in a hidden field, until somebody types.
import { onElement } from "./elements.js";

const MOST_CHARACTERS = 1_900_000;

onElement("textarea[data-rich]", (area) => {
  const kept = area.form?.elements[area.dataset.rich];
  if (!kept) return;
  const note = area.form.querySelector(`[data-rich-note="${area.dataset.rich}"]`);
  let coming = "";
  let pasted = kept.value ? area.value : "";
  const show = () => {
    if (note) note.hidden = !kept.value || !/<(h[1-6]|li|table|blockquote)\b|mso-list|role="?heading/i.test(kept.value);
  };
  area.addEventListener("paste", (event) => {
    const html = event.clipboardData?.getData("text/html") ?? "";
    const replacesAll = !area.value.trim() || area.selectionEnd - area.selectionStart >= area.value.trimEnd().length;
    coming = replacesAll && html.length <= MOST_CHARACTERS ? html : "";
  });
  area.addEventListener("input", () => {
    if (coming) {
      kept.value = coming;
      pasted = area.value;
      coming = "";
    } else if (area.value !== pasted) {
      kept.value = "";
    }
    show();
  });
  show();
});
