// SPDX-License-Identifier: MIT OR Apache-2.0
// Proofs made in the page. Nothing of what the borrower brings leaves it, it stays responsive, and what was secret is
// wiped.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { loadGlue } from "../../prover/wasm/pack.mjs";
import { ROOT, startWorld } from "../../sdk/test/world.mjs";
import { audit, picture } from "./browser.mjs";
import { alert, bring, status, visit, workersGone } from "./proving.mjs";

const PROVER = join(ROOT, "app", "public", "prover");
/** Milliseconds that the page may be busy at a stretch while it proves; a frame that is late is 50 and more. */
const LONGEST = 200;

/** What everything that is served was asked for: files of the page, by their names alone. */
function onlyFiles(asked) {
  const names = asked.map(({ method, url, body }) => `${method} ${url}${body ? " with a body" : ""}`);
  const known = /^GET \/(\?pool=0x[0-9a-fA-F]{40}|assets\/[\w.-]+|prover\/(tessera\.wasm|worker\.js|srs-\d+\.bin))$/;
  assert.deepEqual(
    names.filter((name) => !known.test(name)),
    [],
    "asked of the host",
  );
  return names;
}

describe("a direct proof", () => {
  let visited;
  before(async () => {
    visited = await visit(["--profile", "direct"]);
  });
  after(async () => {
    await visited?.stop();
    visited?.world.stop();
  });
  afterEach(() => assert.deepEqual(visited.wrong.splice(0), [], "what the page should not have done"));

  test("files of somebody else are refused in words, and a score that is too low is", async () => {
    const { page, world } = visited;
    const opening = JSON.parse(readFileSync(join(world.folder, "ada/opening.json"), "utf8"));
    opening.blinding = `0x${"1".padStart(64, "0")}`;
    writeFileSync(join(world.folder, "other.json"), JSON.stringify(opening));
    await bring(visited, "1500", 0, "other.json");
    const prove = page.getByRole("button", { name: "Prove in this page" });
    await prove.click();
    await alert(page, "The opening is not the request's. Bring the package of this pool's model");
    await page.getByLabel("Your opening").setInputFiles(join(world.folder, "package/package.json"));
    await prove.click();
    await alert(page, "opening.json");
    await bring(visited, "1500", 1);
    await prove.click();
    await alert(page, "The score is below the threshold. Ask for a tier that wants fewer points.");
    assert.deepEqual(await audit(page), []);
    assert.ok(await workersGone(page));
  });

  test("a file of the prover's that was changed is refused", async () => {
    const { page, url } = visited;
    await page.route(`${url}/prover/srs-*.bin`, async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      body[body.length - 1] ^= 1;
      await route.fulfill({ response, body });
    });
    await bring(visited, "1500", 0);
    await page.getByRole("button", { name: "Prove in this page" }).click();
    await alert(page, "is not the one that this page was built with");
    await page.unroute(`${url}/prover/srs-*.bin`);
    assert.ok(await workersGone(page));
  });

  test("it is made in the page, borrows, and nothing that was brought leaves the page", async () => {
    const { page, asked } = visited;
    await bring(visited, "1500", 0);
    await page.evaluate(() => window.busy.splice(0));
    await page.getByRole("button", { name: "Prove in this page" }).click();
    await status(page, "Proving…");
    assert.equal(page.workers().length, 1);
    await picture(page, "prove");
    await status(page, "Borrowed 1,500 DUSD");
    const said = await page.getByRole("status").innerText();
    const { busy, workers } = await page.evaluate(() => ({ busy: window.busy, workers: window.workers }));
    const longest = Math.max(0, ...busy);
    process.stdout.write(`# ${said} Longest task of the page: ${longest.toFixed(0)} ms\n`);
    assert.ok(longest <= LONGEST, `the page was busy for ${longest} ms`);
    assert.ok(await workersGone(page));
    assert.equal(workers.ended, workers.urls.length);
    assert.ok(workers.urls.every((url) => url.startsWith("blob:")));
    assert.ok(workers.given.length > 0 && workers.given.every((length) => length === 0));
    const names = onlyFiles(asked);
    assert.ok(names.some((name) => name.includes("tessera.wasm")));
  });

  test("a worker is bound by the page's policy, and reaches nobody", async () => {
    const { page, world, wrong } = visited;
    const answer = await page.evaluate((url) => {
      const script = `
        addEventListener("securitypolicyviolation", (event) => postMessage(event.effectiveDirective));
        fetch(${JSON.stringify(url)}).then(() => postMessage("reached"), () => undefined);`;
      const worker = new Worker(URL.createObjectURL(new Blob([script])));
      return new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
      });
    }, world.rpc);
    assert.equal(answer, "connect-src");
    wrong.splice(0);
  });
});

test("the command accepts the module's proof, and what was secret is wiped from its memory", async () => {
  const world = await startWorld({ profile: ["--profile", "direct"] });
  try {
    const at = (name) => join(world.folder, name);
    world.tessera(
      ...["pool", "request", "--deployment", "deployment.json", "--credential", "ada/credential.json"],
      ...["--amount", "1500", "--tier", "0", "--out", "request.json"],
    );
    const { statement } = JSON.parse(readFileSync(at("request.json"), "utf8"));
    const opening = readFileSync(at("ada/opening.json"));
    const glue = loadGlue(PROVER);
    const k = glue.plan(readFileSync(at("package/package.json")));
    const srs = readFileSync(join(PROVER, `srs-${k}.bin`));
    const proof = glue.proveDirect(readFileSync(at("package/package.json")), opening, srs, JSON.stringify(statement));
    writeFileSync(at("proof.json"), proof);
    const verifier = join(ROOT, "contracts/generated/TesseraVerifierDirect.json");
    world.tessera("verify", "proof.json", "--verifier", verifier, "--request", "request.json");
    // The text of the opening, which went in as bytes: neither its blinding nor its codes are there any more.
    const memory = Buffer.from(glue.initSync({ module: undefined }).memory.buffer);
    const { blinding, codes } = JSON.parse(opening.toString());
    assert.ok(memory.length > 1 << 20);
    assert.ok(!memory.includes(blinding.slice(2)), "the blinding is in memory");
    const text = opening.indexOf('"codes"');
    assert.ok(!memory.includes(opening.subarray(text + 7, text + 70)), "the codes are in memory as text");
    const words = Buffer.from(BigUint64Array.from(codes, BigInt).buffer);
    assert.ok(!memory.includes(words), "the codes are in memory as numbers");
    assert.ok(memory.includes("tessera.proof"), "what is not secret is found");
  } finally {
    world.stop();
  }
});
