#!/usr/bin/env node
// Writes src/generated/ from the compiled contracts: typed ABIs, every error of every contract merged into each of
// them, the order of the statement's words, and what the interfaces say of each error.
//
//   node scripts/generate.mjs            writes the files      (`make sdk-generate`)
//   node scripts/generate.mjs --check    exit code 1 if they are not what the contracts make
//
// Wants forge's out/ at the top of the repository (`make contracts`).

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const sdk = join(dirname(fileURLToPath(import.meta.url)), "..");
const root = join(sdk, "..");
const CONTRACTS = join(root, "contracts");

// What an application calls, by the name of its constant.
const PUBLIC = {
  pool: "ITesseraPool",
  vault: "TesseraVault",
  book: "ILoanBook",
  underwriter: "IUnderwriter",
  registry: "ICredentialRegistry",
  verifier: "ITesseraVerifier",
  queue: "IRedemptionQueue",
  manager: "AccessManager",
  token: "ERC20Permit",
};

const sources = readdirSync(CONTRACTS, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sol"));
const declares = (name) =>
  /^(abstract contract|contract|interface|library) /m.test(readFileSync(join(CONTRACTS, name), "utf8"));
const files = sources.filter(declares).map((name) => name.split("/").at(-1));
// Contracts that stand under ours and whose errors reach the caller.
files.push("AccessManager.sol", "ERC20Permit.sol");

function artifactsOf(file) {
  const folder = join(root, "out", file);
  if (!existsSync(folder)) fail(`${folder} is missing`);
  return readdirSync(folder).map((name) => ({
    name: name.replace(/\.json$/, ""),
    abi: JSON.parse(readFileSync(join(folder, name), "utf8")).abi,
  }));
}

function fail(message) {
  process.stderr.write(`sdk/scripts/generate.mjs: ${message}\nhint: run \`make contracts\` first\n`);
  process.exit(2);
}

// Without what only Solidity needs to know.
function slim(parameter) {
  const { internalType: _, ...rest } = parameter;
  return rest.components ? { ...rest, components: rest.components.map(slim) } : rest;
}

function item(entry) {
  const { anonymous: _, ...rest } = entry;
  return {
    ...rest,
    ...(entry.inputs && { inputs: entry.inputs.map(slim) }),
    ...(entry.outputs && { outputs: entry.outputs.map(slim) }),
  };
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const order = (a, b) => byText(a.type + a.name, b.type + b.name) || byText(JSON.stringify(a), JSON.stringify(b));

const contracts = new Map();
const errors = new Map();
for (const file of new Set(files)) {
  for (const { name, abi } of artifactsOf(file)) {
    contracts.set(name, abi);
    for (const entry of abi.filter((entry) => entry.type === "error")) {
      const error = item(entry);
      errors.set(`${error.name}(${error.inputs.map((input) => input.type)})`, error);
    }
  }
}
const names = [...errors.values()].map((error) => error.name);
const twice = names.find((name, index) => names.indexOf(name) !== index);
if (twice) fail(`the error ${twice} is declared with different parameters`);

function abiOf(contract) {
  const abi = contracts.get(contract) ?? fail(`no contract ${contract} in contracts/`);
  return abi
    .filter((entry) => entry.type === "function" || entry.type === "event")
    .map(item)
    .sort(order);
}

// The struct is generated from the one definition of the statement, in prover/core.
const verify = contracts.get("ITesseraVerifier").find((entry) => entry.name === "verify");
const words = verify.inputs.find((input) => input.name === "statement").components.map((word) => word.name);

// `/// text` above `error Name(…)`, the first declaration of a name counting.
const sentences = {};
for (const source of sources.filter((name) => !name.startsWith("generated")).sort()) {
  const text = readFileSync(join(CONTRACTS, source), "utf8");
  for (const [, comment, name] of text.matchAll(/((?:^\s*\/\/\/[^\n]*\n)+)\s*error (\w+)\(/gm)) {
    sentences[name] ??= comment
      .split("\n")
      .map((line) => line.replace(/^\s*\/\/\/ ?/, "").trim())
      .join(" ")
      .trim();
  }
}

const HEAD =
  "// SPDX-License-Identifier: MIT OR Apache-2.0\n// Generated from the compiled contracts. Do not edit: `make sdk-generate`.\n\n";
const list = (items) => `[\n${items.map((entry) => `  ${JSON.stringify(entry)},\n`).join("")}]`;

let abi = HEAD;
abi += `/** The words of a statement, in the order of the circuit's instances. */\nexport const STATEMENT_WORDS = ${JSON.stringify(words)} as const;\n\n`;
abi += `/** Every error that a call can end with, of all contracts. */\nexport const errors = ${list([...errors.values()].sort(order))} as const;\n`;
for (const [constant, contract] of Object.entries(PUBLIC)) {
  abi += `\n/** \`${contract}\`, and the errors of all contracts. */\nexport const ${constant}Abi = [\n`;
  abi += abiOf(contract)
    .map((entry) => `  ${JSON.stringify(entry)},\n`)
    .join("");
  abi += "  ...errors,\n] as const;\n";
}

let text = `${HEAD}/** What the interfaces say of each error. */\nexport const SENTENCES: Readonly<Record<string, string>> = {\n`;
for (const name of Object.keys(sentences).sort(byText)) text += `  ${name}: ${JSON.stringify(sentences[name])},\n`;
text += "};\n";

let stale = 0;
for (const [name, content] of [
  ["abi.ts", abi],
  ["sentences.ts", text],
]) {
  const path = join(sdk, "src", "generated", name);
  if (!process.argv.includes("--check")) writeFileSync(path, content);
  else if (!existsSync(path) || readFileSync(path, "utf8") !== content) {
    process.stdout.write(`sdk/src/generated/${name} is not what the contracts make\n`);
    stale++;
  }
}
if (stale) process.stderr.write("hint: run `make sdk-generate` and commit what it writes\n");
process.exit(stale ? 1 : 0);
