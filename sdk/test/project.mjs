// SPDX-License-Identifier: MIT OR Apache-2.0
// The package as its users get it: packed, installed in an empty project, imported by name.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SDK = join(dirname(fileURLToPath(import.meta.url)), "..");
const manifest = JSON.parse(readFileSync(join(SDK, "package.json"), "utf8"));
const lock = JSON.parse(readFileSync(join(SDK, "package-lock.json"), "utf8"));

function run(command, args, cwd, env = process.env) {
  try {
    return execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")}: ${error.stdout}${error.stderr}`);
  }
}

/** Packs the package; name, size and files of the archive. */
export function pack(folder) {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], SDK));
  return { file: join(folder, packed.filename), size: packed.size, files: packed.files.map(({ path }) => path) };
}

/** An empty project with the archive, ethers and viem, in the versions of our lock. */
export function install(folder, archive) {
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const version = (name) => `${name}@${lock.packages[`node_modules/${name}`].version}`;
  const packages = [archive, ...Object.keys(manifest.peerDependencies).map(version)];
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...packages], project);
  return project;
}

/** The README's examples by name: what follows "ts" in the fence. */
export function examples() {
  const readme = readFileSync(join(SDK, "README.md"), "utf8");
  return Object.fromEntries(
    [...readme.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm)].map(([, name, code]) => [name, code]),
  );
}

/** Compiles the examples against the installed package, strictly. */
export function compile(project, sources) {
  for (const [name, code] of Object.entries(sources)) writeFileSync(join(project, `${name}.ts`), code);
  const options = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "--lib", "es2023,dom"];
  const files = Object.keys(sources).map((name) => `${name}.ts`);
  run(join(SDK, "node_modules", ".bin", "tsc"), [...options, ...files], project);
}

/** Runs a compiled example; what it printed. */
export function runExample(project, name, env) {
  return run(process.execPath, [`${name}.js`], project, env);
}

/** Bytes of what a bundler makes of `code` in the project, and of that compressed. */
export async function bundleSize(project, code) {
  const { build } = await import("esbuild");
  const { gzipSync } = await import("node:zlib");
  const result = await build({
    stdin: { contents: code, resolveDir: project },
    ...{ bundle: true, minify: true, write: false, format: "esm", platform: "browser" },
    external: Object.keys(manifest.peerDependencies),
  });
  const [{ contents }] = result.outputFiles;
  return [contents.length, gzipSync(contents).length];
}
