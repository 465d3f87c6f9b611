// Behaviour for elements that are here now or come later (htmx swaps, polling): onElement(selector, start).

const registry = [];

function startIn(root) {
  for (const { selector, start, seen } of registry) {
    const found = root.matches?.(selector) ? [root] : [];
    for (const element of [...found, ...root.querySelectorAll(selector)]) {
      if (seen.has(element)) continue;
      seen.add(element);
      start(element);
    }
  }
}

new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node instanceof Element) startIn(node);
}).observe(document.documentElement, { childList: true, subtree: true });

/** Run start(element) once for every element that matches, now and whenever one is added. */
export function onElement(selector, start) {
  const entry = { selector, start, seen: new WeakSet() };
  registry.push(entry);
  for (const element of document.querySelectorAll(selector)) {
    entry.seen.add(element);
    start(element);
  }
}

/** An icon of the sprite as an element. */
export function icon(name, size = 18) {
  const known = document.querySelector("svg.icon use")?.getAttribute("href") ?? "/static/icons/sprite.svg#";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${known.split("#")[0]}#${name}`);
  svg.append(use);
  return svg;
}
