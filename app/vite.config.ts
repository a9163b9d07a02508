// SPDX-License-Identifier: MIT OR Apache-2.0
import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "vite";

// The digests of the prover's files are a part of the page's script (scripts/prover.mjs puts the files there).
const manifest = new URL("public/prover/manifest.json", import.meta.url);

export default defineConfig({
  // Any static host, in any folder.
  base: "./",
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  define: { __PROVER__: existsSync(manifest) ? readFileSync(manifest, "utf8") : "null" },
});
