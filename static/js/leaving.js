// Leaving a page while a change is on its way: a link or a plain form waits for the answer.
//
// A field saves when it loses the focus, which is when somebody clicks on the next tab or on "Release". Without the
// wait the next page is made before the change has arrived: it shows the old state and sends an old version with
// everything done on it, or the browser drops the change altogether.

const underWay = new Set();
let next = null;

document.addEventListener("htmx:beforeSend", (event) => underWay.add(event.detail.xhr));
document.addEventListener("htmx:afterRequest", (event) => {
  underWay.delete(event.detail.xhr);
  if (event.detail.requestConfig?.verb !== "get" && !event.detail.successful) next = null; // first look at what was refused
  // What the answer set off (a new version in the hidden fields, a part that is asked for again) comes first.
  setTimeout(goOn);
});

function goOn() {
  if (underWay.size || !next) return;
  const go = next;
  next = null;
  go();
}

function hold(event, go) {
  if (!underWay.size) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  next = go;
}

// On the window, so before the guards against a second sending, which would take this one for the first.
window.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.getAttribute("href").startsWith("#")) return;
    hold(event, () => location.assign(link.href));
  },
  true,
);
window.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.hasAttribute("hx-post")) return;
    const button = event.submitter;
    hold(event, () => form.requestSubmit(button?.isConnected ? button : undefined));
  },
  true,
);
