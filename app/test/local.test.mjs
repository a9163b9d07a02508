// SPDX-License-Identifier: MIT OR Apache-2.0
// `make app-local`: what it prints is there, is for the account that was named, and is gone afterwards.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createPool, fromProvider, parseCredential } from "@tessera/sdk";
import { JsonRpcProvider } from "ethers";

const LOCAL = join(fileURLToPath(import.meta.url), "..", "..", "scripts", "local.mjs");
const ACCOUNT = `0x${"ab".repeat(20)}`;

/** Runs it on free ports until it has said all. */
async function start() {
  const child = spawn(process.execPath, [LOCAL, ACCOUNT, "0", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const text of child.stdout) {
    said += text;
    if (said.includes("Ctrl-C")) break;
  }
  return { child, said };
}

test("a visitor's account finds a page, a pool and a credential that the pool takes", async () => {
  const { child, said } = await start();
  try {
    const [, url, address] = /page +(\S+)\/\?pool=(0x[0-9a-fA-F]{40})/.exec(said);
    const page = await (await fetch(`${url}/`)).text();
    assert.match(page, /connect-src 'self'/);
    assert.equal((await fetch(`${url}/..%2fpackage.json`)).status, 404);
    const [, rpc] = /network +(\S+),/.exec(said);
    const [, file] = /credential +(\S+):/.exec(said);
    const credential = parseCredential(readFileSync(file, "utf8"));
    assert.equal(credential.credential.subject.toLowerCase(), ACCOUNT);
    const node = new JsonRpcProvider(rpc);
    const provider = { request: ({ method, params }) => node.send(method, params ?? []) };
    const pool = createPool({ address, wallet: fromProvider(provider, ACCOUNT) });
    const request = await pool.request(credential, { amount: 1_500_000_000n, tier: 0n });
    assert.equal(request.borrower.toLowerCase(), ACCOUNT);
    node.destroy();
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.ok(!existsSync(file), "the credential is gone");
  } finally {
    child.kill("SIGKILL");
  }
});

test("without an account it says what is missing", () => {
  const { status, stderr } = spawnSync(process.execPath, [LOCAL, "0x12"], { encoding: "utf8" });
  assert.equal(status, 2);
  assert.match(stderr, /name the account of your wallet/);
});
