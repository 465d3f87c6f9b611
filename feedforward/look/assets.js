// Copies what the pages need out of node_modules: fonts with their licences, and the icons as one sprite.
// The results are committed; running the site needs no Node.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const from = (...parts) => join(root, "node_modules", ...parts);
const to = (...parts) => join(root, "static", ...parts);

const fonts = {
  newsreader: ["latin-opsz-normal", "latin-wght-italic", "latin-ext-opsz-normal", "latin-ext-wght-italic"],
  "source-sans-3": [
    "latin-wght-normal", "latin-wght-italic", "latin-ext-wght-normal", "cyrillic-wght-normal", "greek-wght-normal",
  ],
};
mkdirSync(to("fonts"), { recursive: true });
for (const [family, files] of Object.entries(fonts)) {
  for (const file of files) {
    const name = `${family}-${file}.woff2`;
    copyFileSync(from("@fontsource-variable", family, "files", name), to("fonts", name));
  }
  copyFileSync(from("@fontsource-variable", family, "LICENSE"), to("fonts", `${family}-LICENSE.txt`));
}

const { icons } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const missing = [];
const symbols = [];
for (const name of [...icons].sort()) {
  const file = from("lucide-static", "icons", `${name}.svg`);
  if (!existsSync(file)) {
    missing.push(name);
    continue;
  }
  const inside = readFileSync(file, "utf8").replace(/<!--.*?-->/gs, "").match(/<svg[^>]*>(.*)<\/svg>/s)[1];
  symbols.push(
    `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" ` +
      `stroke-linecap="round" stroke-linejoin="round">${inside.replace(/\s+/g, " ").trim()}</symbol>`,
  );
}
if (missing.length) {
  console.error(`lucide has no icon called: ${missing.join(", ")}`);
  process.exitCode = 1;
}
mkdirSync(to("icons"), { recursive: true });
writeFileSync(to("icons", "sprite.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
copyFileSync(from("lucide-static", "LICENSE"), to("icons", "lucide-LICENSE.txt"));
