// Builds what the pages load: our scripts and the style sheet into static/build/, bundled and minified,
// an icon sprite beside them, and the libraries that are served as they come into static/vendor/. Each
// file is compressed as well, as `file.gz` and `file.br`. `--watch` goes on and rebuilds on every change,
// uncompressed.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { catalogues } from "./catalogues.js";
import { ICONS } from "./icons.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LIBRARIES = ["htmx.org/dist/htmx.min.js", "hls.js/dist/hls.min.js"];
const watch = process.argv.includes("--watch");

/** @type {esbuild.BuildOptions} */
const BUNDLES = {
  absWorkingDir: ROOT,
  entryPoints: [
    { in: "frontend/desk/main.js", out: "desk" },
    { in: "frontend/live/main.js", out: "live" },
    { in: "frontend/proof/main.js", out: "proof" },
    { in: "frontend/proof/worker.js", out: "proof_worker" },
    { in: "frontend/site.js", out: "site" },
    { in: "frontend/styles/site.css", out: "site" },
    { in: "frontend/video/main.js", out: "video" },
  ],
  outdir: "static/build",
  bundle: true,
  format: "iife",
  // The oldest browsers with everything that the pages use (`Array.at`, private class members).
  target: ["chrome100", "edge100", "firefox100", "safari15.4"],
  charset: "utf8",
  minify: !watch,
  sourcemap: watch && "inline",
  plugins: [catalogues(join(ROOT, "translations"))],
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

/** Write the icons into one SVG, from which pages use them by name. */
function drawIcons() {
  const file = join(ROOT, "node_modules", "@iconify-json", "lucide", "icons.json");
  const { icons, aliases } = JSON.parse(readFileSync(file, "utf8"));
  const symbols = ICONS.map((name) => {
    const { body } = icons[name] ?? icons[aliases[name]?.parent] ?? {};
    if (!body) throw new Error(`Lucide has no icon ${name}`);
    // The style sheet gives every icon these, on the element that uses it.
    const shapes = body.replaceAll(
      / (fill="none"|stroke="currentColor"|stroke-linecap="round"|stroke-linejoin="round"|stroke-width="2")/g,
      "",
    );
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
  });
  const folder = join(ROOT, "static", "build");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "icons.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`,
  );
}

/** Write each text file of static/ compressed beside itself, for servers that send it as it is. */
function compress() {
  for (const folder of ["build", "vendor"].map((name) => join(ROOT, "static", name))) {
    for (const name of readdirSync(folder).filter((file) => /\.(js|css|svg)$/.test(file))) {
      const file = join(folder, name);
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file)));
    }
  }
}

rmSync(join(ROOT, "static", "build"), { recursive: true, force: true });
copyLibraries();
drawIcons();
if (watch) await (await esbuild.context(BUNDLES)).watch();
else {
  await esbuild.build(BUNDLES);
  compress();
}
