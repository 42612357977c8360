// Builds what the pages load: our scripts into static/build/, bundled and minified, and the libraries
// that are served as they come into static/vendor/. `--watch` goes on and rebuilds on every change.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LIBRARIES = ["htmx.org/dist/htmx.min.js", "hls.js/dist/hls.min.js"];
const watch = process.argv.includes("--watch");

/** @type {esbuild.BuildOptions} */
const SCRIPTS = {
  absWorkingDir: ROOT,
  entryPoints: {
    live: "frontend/live/main.js",
    proof: "frontend/proof/main.js",
    proof_worker: "frontend/proof/worker.js",
    site: "frontend/site.js",
    video: "frontend/video/main.js",
  },
  outdir: "static/build",
  bundle: true,
  format: "iife",
  // The oldest browsers with everything that the pages use (`Array.at`, private class members).
  target: ["chrome100", "edge100", "firefox100", "safari15.4"],
  charset: "utf8",
  minify: !watch,
  sourcemap: watch && "inline",
  logLevel: "warning",
};

/** Copy libraries without the comments that name source maps: those are not served. */
function copyLibraries() {
  const folder = join(ROOT, "static", "vendor");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of LIBRARIES) {
    const code = readFileSync(join(ROOT, "node_modules", file), "utf8");
    writeFileSync(join(folder, basename(file)), code.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"));
  }
}

copyLibraries();
if (watch) await (await esbuild.context(SCRIPTS)).watch();
else await esbuild.build(SCRIPTS);
