// Runs tests/*.test.ts with node --test: esbuild turns them into modules first, since Node 20 reads no TypeScript.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const outdir = join(here, "node_modules", ".cache", "tests");
const tests = readdirSync(join(here, "tests")).filter((name) => name.endsWith(".test.ts"));

rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: tests.map((name) => join(here, "tests", name)),
  bundle: true,
  format: "esm",
  platform: "node",
  outdir,
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
});
const files = tests.map((name) => join(outdir, name.replace(/\.ts$/, ".mjs")));
const run = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
process.exit(run.status ?? 1);
