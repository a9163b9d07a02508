"use strict";
// The compiler's standard JSON input for some of the compiled contracts, from what forge left in out/.

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..");

// `File.sol:Contract` → the artifact in out/, or an error that says what to do.
function artifact(source) {
  const [file, name] = source.split(":");
  const where = path.join("out", path.basename(file), `${name}.json`);
  try {
    return JSON.parse(fs.readFileSync(path.join(root, where), "utf8"));
  } catch (error) {
    throw new Error(`${where}: ${error.message}; run tools/forge build`);
  }
}

// The union of the contracts' sources under their common settings.
function standardInput(artifacts, outputs) {
  const sources = {};
  let settings;
  for (const { metadata } of artifacts) {
    const { compilationTarget, ...own } = structuredClone(metadata.settings);
    // The metadata spells this out, and the input does not know it.
    delete own.optimizer.details?.simpleCounterForLoopUncheckedIncrement;
    settings ??= own;
    if (JSON.stringify(own) !== JSON.stringify(settings)) {
      throw new Error(`${Object.values(compilationTarget)[0]} was compiled with other settings than the rest`);
    }
    for (const name of Object.keys(metadata.sources)) {
      sources[name] = { content: fs.readFileSync(path.join(root, name), "utf8") };
    }
  }
  settings.optimizer = { enabled: true, ...settings.optimizer };
  settings.outputSelection = { "*": { "*": outputs } };
  return { language: "Solidity", sources, settings };
}

// Compiles an input in a file; compile errors throw.
function compile(file) {
  const answer = execFileSync(path.join(root, "tools/solc"), ["--standard-json", file], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  const output = JSON.parse(answer);
  const error = (output.errors ?? []).find((e) => e.severity === "error");
  if (error) throw new Error(error.formattedMessage);
  return output;
}

module.exports = { artifact, compile, root, standardInput };
