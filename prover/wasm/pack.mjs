// SPDX-License-Identifier: MIT OR Apache-2.0
// The files of the browser's prover from what wasm-bindgen wrote: node pack.mjs GLUE FOLDER
//
//   tessera.wasm    the module
//   worker.js       wasm-bindgen's script and worker.js, as one classic script
//   manifest.json   size and SHA-256 of each
//
// A page's build adds reference strings, `srs-<k>.bin`, by `addSrs`.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { brotliCompressSync, constants } from "node:zlib";

const HERE = dirname(fileURLToPath(import.meta.url));
/** What direct proofs take. */
const SIZES = [14, 15];
/** Before the body of Tessera's binary files: magic, kind, version, length, digest. */
const HEADER = 60;

/** The module's functions, for Node. */
export function loadGlue(folder) {
  const script = readFileSync(join(folder, "worker.js"), "utf8").split("\n// worker\n")[0];
  const glue = runInThisContext(`(() => { ${script}\n; return wasm_bindgen; })()`);
  glue.initSync({ module: readFileSync(join(folder, "tessera.wasm")) });
  return glue;
}

/** k of a reference string's file, `undefined` if it is something else. */
export function srsSize(bytes) {
  if (bytes.length < HEADER + 8 || bytes.toString("latin1", 0, 11) !== "TESSERA\0SRS") return undefined;
  const provenance = bytes.readUInt32LE(HEADER);
  return bytes.length < HEADER + 8 + provenance ? undefined : bytes.readUInt32LE(HEADER + 4 + provenance);
}

export function writeManifest(folder) {
  const entry = (name) => {
    const bytes = readFileSync(join(folder, name));
    return [name, { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }];
  };
  const names = readdirSync(folder).filter((name) => name !== "manifest.json");
  const manifest = { kind: "tessera.browser-prover", version: 1, files: Object.fromEntries(names.sort().map(entry)) };
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Puts reference strings beside the prover's files; the development ones where no folder is given. */
export function addSrs(folder, from) {
  const given = from ? readdirSync(from).map((name) => join(from, name)) : [];
  const files = given.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path));
  let strings = files.map((bytes) => [srsSize(bytes), bytes]).filter(([k]) => k !== undefined && k <= 16);
  if (from && strings.length === 0) throw new Error(`${from}: no reference strings of k up to 16 in this folder`);
  if (!from) {
    const glue = loadGlue(folder);
    strings = SIZES.map((k) => [k, glue.developmentSrs(k)]);
  }
  for (const [k, bytes] of strings) writeFileSync(join(folder, `srs-${k}.bin`), bytes);
}

function pack(glue, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const script = readFileSync(join(glue, "tessera.js"), "utf8");
  const worker = readFileSync(join(HERE, "worker.js"), "utf8");
  writeFileSync(join(folder, "worker.js"), `${script}\n// worker\n${worker}`);
  const module = readFileSync(join(glue, "tessera_bg.wasm"));
  writeFileSync(join(folder, "tessera.wasm"), module);
  writeManifest(folder);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } };
  const compressed = brotliCompressSync(module, quality).length;
  const kilobytes = (bytes) => `${(bytes / 1e3).toFixed(0)} KB`;
  process.stdout.write(`== ${folder}: module of ${kilobytes(module.length)}, ${kilobytes(compressed)} compressed\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) pack(process.argv[2], process.argv[3]);
