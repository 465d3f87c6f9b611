// Fails when what is committed under static/ is not what the sources build.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const built = () =>
  Object.fromEntries(
    ["css", "fonts", "icons"].flatMap((folder) =>
      readdirSync(join(root, "static", folder)).map((name) => {
        const path = join("static", folder, name);
        return [path, readFileSync(join(root, path)).toString("base64")];
      }),
    ),
  );

const before = built();
execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
const after = built();
const stale = Object.keys(after).filter((path) => before[path] !== after[path]);
if (stale.length) {
  console.error(`Built files were stale and have been rebuilt; commit them:\n  ${stale.join("\n  ")}`);
  process.exit(1);
}
console.log(`${Object.keys(after).length} built files are fresh.`);
