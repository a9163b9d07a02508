// SPDX-License-Identifier: MIT OR Apache-2.0
// Puts the prover's files (`make wasm`) and reference strings into the page, with a manifest of their digests.
// SRS=<folder> has files of a ceremony, which `tessera srs import` writes; without it they are development ones,
// good for a local chain only.

import { cpSync, existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const [from, to] = [join(ROOT, "target", "wasm", "browser"), join(ROOT, "app", "public", "prover")];

rmSync(to, { recursive: true, force: true });
if (existsSync(join(from, "tessera.wasm"))) {
  const { addSrs, writeManifest } = await import("../../prover/wasm/pack.mjs");
  cpSync(from, to, { recursive: true });
  addSrs(to, process.env.SRS);
  writeManifest(to);
} else {
  process.stdout.write("the page is built without the prover: `make wasm` makes it\n");
}
