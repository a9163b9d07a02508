// SPDX-License-Identifier: MIT OR Apache-2.0
// A chain of its own with the real contracts, a lender, an attester and a borrower with a credential: what
// docs/walkthrough.md makes by hand, up to where the borrower comes in. Wants `make contracts` and the command.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const TESSERA = join(ROOT, "target", "release", "tessera");
const SCHEMA = "examples/german-credit/schema.json";
const TABLE = "examples/german-credit/golden.csv";

/**
 * Starts the world. `stop()` ends the chain and removes the folder. `deploy` are more arguments of `pool deploy`,
 * `borrower` is who gets the credential instead of a new key's account, `port` the chain's, `profile` how the model
 * is proven.
 */
export async function startWorld({ deploy = [], borrower, port = 0, profile = ["--segments", "1"] } = {}) {
  for (const [path, make] of [
    [TESSERA, "cargo build --release"],
    [join(ROOT, "out", "TesseraPool.sol"), "make contracts"],
  ]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run \`${make}\` first`);
  }
  const folder = mkdtempSync(join(tmpdir(), "tessera-sdk-"));
  for (const name of ["contracts", "examples", "out", "tools"]) symlinkSync(join(ROOT, name), join(folder, name));
  const { rpc, anvil } = await startChain(port);
  const stop = () => {
    anvil.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...furnish(folder, rpc, deploy, borrower, profile), folder, rpc, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

function startChain(port) {
  const anvil = spawn(join(ROOT, "tools", "anvil"), ["--port", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let said = "";
    anvil.on("error", reject);
    anvil.on("exit", (code) => reject(new Error(`anvil ended with ${code}:\n${said}`)));
    anvil.stdout.on("data", (text) => {
      said += text;
      const address = /Listening on (\S+)/.exec(said)?.[1];
      if (address) resolve({ rpc: `http://${address}`, anvil });
    });
  });
}

function furnish(folder, rpc, deploy, borrower, profile) {
  const env = { ...process.env, ETH_RPC_URL: rpc, NO_COLOR: "1" };
  for (const name of ["TESSERA_SRS", "TESSERA_KEY"]) delete env[name];
  const run = (command, args) =>
    execFileSync(command, args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  const tessera = (...args) => run(TESSERA, args);
  const cast = (...args) => run(join(ROOT, "tools", "cast"), args);

  const account = (name) => tessera("attester", "new", "--out", `${name}.key`);
  const [lender, bank, ada] = [account("lender"), account("bank"), borrower ?? account("ada")];
  for (const who of [lender, ada]) cast("rpc", "anvil_setBalance", who, "0x8ac7230489e80000");
  tessera(
    ...["model", "import", "examples/german-credit/model.json", "--schema", SCHEMA],
    ...["--points", "600@50:1,pdo=20", ...profile, "--out", "package"],
  );
  // The second tier wants more points than the applicant of row 3 has.
  tessera(
    ...["pool", "deploy", "--key", "lender.key", "--model", "package", "--attester", bank, "--rate", "8%"],
    ...["--tier", "520:5000:0%:90", "--tier", "600:9000:0%:90", "--deposits", "1000000", "--out", "deployment.json"],
    ...deploy,
  );
  const at = (name) => JSON.parse(readFileSync(join(folder, "deployment.json"), "utf8"))[name].address;
  tessera(
    ...["attester", "issue", "--key", "bank.key", "--schema", SCHEMA, "--csv", TABLE, "--row", "3"],
    ...["--chain-id", "31337", "--registry", at("registry"), "--subject", ada, "--person", "customer 4711"],
    ...["--asset", at("asset"), "--max-exposure", "5000", "--out", "ada"],
  );
  const keyOf = (name) => JSON.parse(readFileSync(join(folder, `${name}.key`), "utf8")).privateKey;
  for (const [who, amount] of [
    [lender, 200_000_000_000n],
    [ada, 1_000_000_000n],
  ]) {
    cast("send", "--private-key", keyOf("lender"), at("asset"), "mint(address,uint256)", who, String(amount));
  }
  tessera("pool", "deposit", "--deployment", "deployment.json", "--key", "lender.key", "--amount", "100000");
  return { env, tessera, cast, keyOf, at, lender, bank, ada };
}
