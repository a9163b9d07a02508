// SPDX-License-Identifier: MIT OR Apache-2.0
import { defineConfig } from "vite";

export default defineConfig({
  // Any static host, in any folder.
  base: "./",
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
});
