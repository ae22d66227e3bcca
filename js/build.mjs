// Builds one ESM bundle and one style sheet for every folder that has an index.ts, into hailuo_widgets/static,
// and writes manifest.json: a digest of the sources and of each bundle. The bundles are committed, and
// tests/unit/test_bundles.py compares both digests without Node, so a forgotten build cannot be released.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "hailuo_widgets", "static");
const sourceEndings = [".ts", ".css", ".mjs"];
const sourceNames = ["package.json", "package-lock.json", "tsconfig.json"];
const outside = ["node_modules", "tests"];

/** Every file that a bundle depends on, relative to js/, in one fixed order. */
function sources(folder = here) {
  const found = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return outside.includes(entry.name) ? [] : sources(path);
    const counts = sourceNames.includes(entry.name) || sourceEndings.some((end) => entry.name.endsWith(end));
    return counts ? [relative(here, path).split(sep).join("/")] : [];
  });
  return found.sort();
}

function digest(paths, folder) {
  const hash = createHash("sha256");
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(folder, path)))
      .update("\0");
  return hash.digest("hex");
}

const widgets = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(here, entry.name, "index.ts")))
  .map((entry) => entry.name)
  .sort();

mkdirSync(target, { recursive: true });
const shared = {
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  target: "es2022",
};
const built = [];
for (const name of widgets) {
  await build({
    ...shared,
    entryPoints: [join(here, name, "index.ts")],
    format: "esm",
    outfile: join(target, `${name}.js`),
  });
  await build({
    ...shared,
    entryPoints: [join(here, name, `${name}.css`)],
    outfile: join(target, `${name}.css`),
  });
  built.push(`${name}.css`, `${name}.js`);
}
const manifest = {
  sources: digest(sources(), here),
  bundles: Object.fromEntries(built.sort().map((name) => [name, digest([name], target)])),
};
writeFileSync(join(target, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
for (const name of built) console.log(`${name}: ${readFileSync(join(target, name)).length} bytes`);
