// A file field that takes dragged files, tells size and type before sending, and shows how far the upload is.
import { csrfToken } from "./csrf.js";
import { onElement } from "./elements.js";
import { toast, toastLater, toastsIn } from "./toasts.js";

const readable = (bytes) =>
  bytes < 1024 ? `${bytes} bytes` : bytes < 1048576 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;

/** What is wrong with the chosen files, alone or together; the server looks at their content again. */
function problemOf(files, input) {
  const most = Number(input.dataset.maxFiles) || 1;
  if (files.length > most) return most === 1 ? "Choose one file." : `${files.length} files are chosen; up to ${most} are taken.`;
  for (const file of files) {
    const words = problem(file, input);
    if (words) return words;
  }
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const limit = Number(input.dataset.maxBytes) || 0;
  return limit && total > limit ? `Together they have ${readable(total)}; up to ${readable(limit)} are taken.` : "";
}

/** What is wrong with a file by its name and size. */
function problem(file, input) {
  const kinds = (input.accept || "").split(",").map((kind) => kind.trim().toLowerCase()).filter((kind) => kind.startsWith("."));
  if (kinds.length && !kinds.some((kind) => file.name.toLowerCase().endsWith(kind))) {
    return `“${file.name}” is not one of the kinds taken here: ${kinds.join(" ")}`;
  }
  const most = Number(input.dataset.maxBytes) || 0;
  if (most && file.size > most) return `“${file.name}” has ${readable(file.size)}; up to ${readable(most)} are taken.`;
  if (file.size === 0) return `“${file.name}” is empty.`;
  return "";
}

onElement("[data-dropzone]", (zone) => {
  const input = zone.querySelector("input[type=file]");
  const field = zone.closest(".field");
  const chosen = zone.querySelector("[data-dropzone-chosen]");
  const errorLine = field?.querySelector("[data-dropzone-error]");
  const show = () => {
    const files = [...input.files];
    const words = problemOf(files, input);
    input.setCustomValidity(words);
    chosen.replaceChildren(
      ...files.map((file, index) => {
        const line = document.createElement("span");
        line.textContent = `${files.length > 1 ? `${index + 1}. ` : ""}${file.name} · ${readable(file.size)}`;
        return line;
      }),
    );
    if (errorLine) {
      errorLine.hidden = !words;
      errorLine.querySelector("span").textContent = words;
    }
    field?.classList.toggle("has-error", Boolean(words));
    if (words) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.addEventListener("change", show);
  if (input.files.length) show();
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("is-over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
  // The input covers the zone, so browsers drop onto it; where they do not, hand the file over.
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    if (event.target === input || !event.dataTransfer.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
});

onElement("form[data-upload]", (form) => {
  form.addEventListener("submit", (event) => {
    const input = form.querySelector("input[type=file]");
    if (event.defaultPrevented || !input?.files.length) return;
    event.preventDefault();
    send(form, event.submitter, input);
  });
});

function send(form, submitter, input) {
  const bar = form.querySelector("[data-dropzone-progress]");
  const data = new FormData(form, submitter);
  const request = new XMLHttpRequest();
  request.open("POST", form.action || location.href);
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.upload.addEventListener("progress", (event) => {
    if (!bar || !event.lengthComputable) return;
    bar.hidden = false;
    bar.value = (100 * event.loaded) / event.total;
  });
  const failed = (words) => {
    if (bar) bar.hidden = true;
    form.dispatchEvent(new Event("form:rest", { bubbles: true }));
    toast(words, { tone: "danger" });
  };
  request.addEventListener("error", () => failed("The connection broke before the file was received. Please send it again."));
  request.addEventListener("timeout", () => failed("The upload took too long. Please send it again."));
  request.addEventListener("load", () => {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    if (request.status < 400) {
      delete form.dataset.unsaved;
      toastLater(toastsIn(page));
      location.assign(request.responseURL || location.href);
      return;
    }
    const main = page.querySelector("main");
    if (request.status === 413) return failed("The file is too large for this site.");
    if (!main || request.status >= 500) return failed("Something went wrong on our side; the file was not received. Please try again.");
    // The same page with its errors: take its main part, keep the file that was chosen.
    const files = input.files;
    document.querySelector("main").replaceWith(document.adoptNode(main));
    const fresh = document.querySelector("form[data-upload] input[type=file]");
    if (fresh && files.length && [409, 422].includes(request.status) && !fresh.closest(".field")?.classList.contains("has-error")) {
      fresh.files = files;
      fresh.dispatchEvent(new Event("change", { bubbles: true }));
    }
    for (const notice of toastsIn(page)) toast(notice.text, notice);
    main.querySelector("[data-focus], .has-error input, .has-error textarea")?.focus();
  });
  request.send(data);
}
