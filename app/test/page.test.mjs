// SPDX-License-Identifier: MIT OR Apache-2.0
// The life of a loan and of a deposit, clicked through in a browser on a local chain, with a real proof.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { startWorld } from "../../sdk/test/world.mjs";
import { audit, openPage, picture } from "./browser.mjs";

const DAY = 86_400;
const WAIT = 60_000;
let world;
let opened;
let page;

before(async () => {
  world = await startWorld({ deploy: ["--notice", "1"] });
  opened = await openPage(world, world.keyOf("ada"));
  page = opened.page;
  page.setDefaultTimeout(WAIT);
});

after(async () => {
  await opened?.stop();
  world?.stop();
});

afterEach(() => assert.deepEqual(opened.wrong.splice(0), [], "what the page should not have done"));

const at = (name) => join(world.folder, name);
const status = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();
const alert = (text) => page.getByRole("alert").filter({ hasText: text }).waitFor();
const idle = () => page.waitForFunction(() => !document.body.hasAttribute("aria-busy"));

async function tab(name) {
  await page.getByRole("tab", { name }).click();
  await page.getByRole("heading", { level: 2, name }).waitFor();
  await idle();
}

/** Lets days go by on the chain. */
async function pass(days) {
  world.cast("rpc", "evm_increaseTime", String(days * DAY));
  world.cast("rpc", "evm_mine");
}

test("a wallet is found, its owner's no is told, and it connects", async () => {
  await page.goto(`${opened.url}/`);
  const connect = page.getByRole("button", { name: "Test wallet" });
  await connect.click();
  await alert("The pool's address is missing");
  assert.deepEqual(await audit(page), []);
  await page.goto(`${opened.url}/?pool=${world.at("pool")}`);
  opened.wallet.refuse = true;
  await connect.click();
  await alert("The wallet's owner declined");
  await connect.click();
  await status("on chain 31337");
  await page.getByText("You have not borrowed here.").waitFor();
});

test("the page can reach nobody but the wallet, and what is unusable would be found", async () => {
  const reached = await page.evaluate((url) => fetch(url).then(String, () => "refused"), world.rpc);
  assert.equal(reached, "refused");
  assert.match(opened.wrong.splice(0).join(), /Content Security Policy/);
  await page.evaluate(() => document.querySelector("main").append(document.createElement("input")));
  assert.match((await audit(page)).join(), /light label: <input/);
  await page.evaluate(() => document.querySelector("main > input").remove());
});

test("tiers say whether the request would be taken, and why not", async () => {
  await page.getByLabel("Your credential").setInputFiles(at("deployment.json"));
  await page.getByRole("button", { name: "Show what I can get" }).click();
  await alert("not a tessera.credential");
  await ask("5,000.5");
  await status("0 of 2 tiers would take your request");
  const row = (number) => page.getByRole("row").nth(number);
  assert.match(await row(1).innerText(), /No\. More than the tier pays out \(amount 5,000\.5 DUSD, max 5,000 DUSD\)/);
  assert.match(await row(2).innerText(), /No\. More than the attester vouches for/);
  await ask("1500");
  await status("2 of 2 tiers would take your request");
  assert.match(await row(1).innerText(), /520 points\s+5,000 DUSD\s+8 % a year\s+90 days\s+Yes/);
  await page.getByText("your account").waitFor();
});

/** Asks what the pool gives for the credential. */
async function ask(amount) {
  await page.getByLabel("Your credential").setInputFiles(at("ada/credential.json"));
  await page.getByLabel("Amount, in").first().fill(amount);
  await page.getByRole("button", { name: "Show what I can get" }).click();
  await status("would take your request");
}

/** Chooses a tier, saves the request, and has the command prove it. */
async function prove(tier) {
  await page.getByRole("button", { name: `Choose tier ${tier}` }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Save request.json" }).click(),
  ]);
  await download.saveAs(at("request.json"));
  const files = ["--opening", at("ada/opening.json"), "--request", at("request.json"), "--out", at("proof.json")];
  world.tessera("prove", "--model", at("package"), ...files);
}

/** Lets the pool open credit lines of up to 2,000 tokens, by a policy of its own. */
function addLines() {
  const { offers, underwriter, asset } = JSON.parse(
    world.tessera("pool", "show", "--deployment", "deployment.json", "--json"),
  );
  const { verifier, modelDigest, schema, threshold } = offers[0];
  const rule = `(${verifier},${modelDigest},${schema},1,[],[],0,0,0)`;
  const config = `(${rule},${asset},(${10n ** 17n},0,864000,true),[(${threshold},2000000000,0,7776000)])`;
  const types =
    "((address,uint256,uint256,uint256,uint64[],address[],uint32,uint16,uint16),address,(uint64,uint64,uint32,bool),(uint64,uint96,uint64,uint32)[])";
  world.cast("send", "--private-key", world.keyOf("lender"), underwriter, `addPolicy(${types})`, config);
}

test("a credit line is opened, drawn on, repaid and closed", async () => {
  addLines();
  await tab("Borrow");
  await ask("800");
  await status("3 of 3 tiers would take your request");
  assert.match(await page.getByRole("row").nth(3).innerText(), /10 % a year\s+90 days, credit line\s+Yes/);
  await prove(2);
  await page.getByLabel("Your proof").setInputFiles(at("proof.json"));
  await page.getByRole("button", { name: "Borrow 800 DUSD" }).click();
  await status("The line of 800 DUSD is open.");
  const line = page.getByRole("article", { name: "Loan of 800 DUSD" });
  await line.getByText("Up to 800 DUSD now.").waitFor();
  await line.getByLabel("Draw, in").fill("300");
  await line.getByLabel("The credential").setInputFiles(at("ada/credential.json"));
  await line.getByRole("button", { name: "Draw" }).click();
  await status("Drew 300 DUSD.");
  await line.getByText("Up to 500 DUSD now.").waitFor();
  assert.deepEqual(await audit(page), []);
  await picture(page, "line");
  await line.getByRole("button", { name: "Repay" }).click();
  await status("Repaid in full.");
  await line.getByRole("button", { name: "Close the line" }).click();
  await status("The line is closed.");
  assert.match(await line.locator("[aria-current]").innerText(), /^Repaid/);
});

test("a proof by the command borrows", async () => {
  await ask("1500");
  await prove(0);
  await page.getByLabel("Your proof").setInputFiles(at("request.json"));
  await page.getByRole("button", { name: "Borrow 1,500 DUSD" }).click();
  await alert("not a tessera.proof");
  assert.deepEqual(await audit(page), []);
  await page.getByRole("button", { name: "Choose tier 0" }).click();
  await page.getByLabel("Your proof").setInputFiles(at("proof.json"));
  await picture(page, "borrow");
  await page.getByRole("button", { name: "Borrow 1,500 DUSD" }).click();
  await status("Borrowed 1,500 DUSD, due");
  await page.getByRole("article", { name: "Loan of 1,500 DUSD" }).waitFor();
  // The same request again: refused in words, before anything is sent.
  await page.getByRole("button", { name: "Borrow 1,500 DUSD" }).click();
  await alert("The nonce is not the person's");
});

test("the loan is repaid in part, comes late, and is repaid in full", async () => {
  const loan = page.getByRole("article", { name: "Loan of 1,500 DUSD" });
  const now = async (text) => assert.match(await loan.locator("[aria-current]").innerText(), text);
  await now(/^Borrowed .*\(now\)$/);
  await loan.getByLabel("Amount, in").fill("500");
  await loan.getByRole("button", { name: "Repay" }).click();
  await status("Repaid. Still owed: 1,000");
  await pass(92);
  await tab("Borrow");
  await now(/^Due .*\(now\)$/);
  await picture(page, "late");
  await loan.getByRole("button", { name: "Repay" }).click();
  await status("Repaid in full.");
  await now(/^Repaid/);
  assert.match(await loan.innerText(), /nothing/);
  assert.deepEqual(await audit(page), []);
});

test("a depositor sees the pool, deposits, asks for redemption and takes it out", async () => {
  await page.getByRole("tab", { name: "Borrow" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("heading", { level: 2, name: "Deposit" }).waitFor();
  await idle();
  await page.getByRole("img", { name: /Price of one share/ }).waitFor();
  const fact = async (name) => page.locator("dl > div", { hasText: name }).first().locator("dd").innerText();
  assert.match(await fact("Cash"), /^100,\d{3}(\.\d+)? DUSD$/);
  assert.equal(await fact("Lent"), "0 DUSD");
  assert.equal(await fact("Notice for redemption"), "1 day");
  await page.getByLabel("Amount, in").fill("0");
  await page.getByRole("button", { name: "Deposit", exact: true }).click();
  await alert("not a number of tokens");
  await page.getByLabel("Amount, in").fill("250.5");
  await page.getByRole("button", { name: "Deposit", exact: true }).click();
  await status("Deposited 250.5 DUSD for");
  assert.match(await fact("Worth now"), /^250\.(49999\d|5) DUSD$/);
  assert.deepEqual(await audit(page), []);
  await picture(page, "deposit");
  await page.getByRole("button", { name: "Ask for redemption" }).click();
  await status("Asked for.");
  await pass(3);
  await page.getByRole("button", { name: "Settle what is due" }).click();
  await status("Settled, as far as there is cash.");
  await page.getByRole("button", { name: "Take out what is settled" }).click();
  await status("Taken out.");
  assert.equal(await fact("Shares"), "0");
});

test("a curator sees policies, attesters and what is announced, and checks a report", async () => {
  writeFileSync(at("report.html"), "<p>The model's report</p>");
  writeFileSync(at("other.html"), "<p>Another one</p>");
  const hash = world.cast("keccak", "<p>The model's report</p>");
  const key = ["--private-key", world.keyOf("lender")];
  const request = JSON.parse(world.tessera("pool", "show", "--deployment", "deployment.json", "--json"));
  const record = [request.offers[0].modelDigest, hash, "https://lender.example/report.html"];
  world.cast("send", ...key, world.at("registry"), "recordModel(bytes32,bytes32,string)", ...record);
  const grant = ["grantRole(uint64,address,uint32)", "0", world.bank, String(2 * DAY)];
  world.cast("send", ...key, world.at("manager"), ...grant);
  world.cast("rpc", "anvil_setBalance", world.bank, "0x8ac7230489e80000");
  const call = world.cast("calldata", "setLimits((uint96,uint64,uint64))", "(5,6,7)");
  const schedule = ["schedule(address,bytes,uint48)", world.at("vault"), call, "0"];
  world.cast("send", "--private-key", world.keyOf("bank"), world.at("manager"), ...schedule);

  await tab("Curate");
  await page.getByText("setLimits({deposits: 5, utilisation: 6, cover: 7})").waitFor();
  await page.getByRole("cell", { name: world.bank.toLowerCase() }).first().waitFor();
  await page.getByText("https://lender.example/report.html").first().waitFor();
  const compare = page.getByRole("button", { name: "Compare", exact: true }).first();
  const report = page.getByLabel("Compare a file with the record").first();
  await report.setInputFiles(at("other.html"));
  await compare.click();
  await alert("other.html is not the recorded document");
  await report.setInputFiles(at("report.html"));
  await compare.click();
  await status("report.html is the recorded document.");
  assert.deepEqual(await audit(page), []);
  await picture(page, "curate");
});

test("a phone shows all of it without scrolling sideways", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const name of ["Borrow", "Deposit", "Curate"]) {
    await tab(name);
    const [inside, outside] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(inside <= outside, `${name} is ${inside} wide on ${outside}`);
    assert.deepEqual(await audit(page), []);
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, `phone-${name.toLowerCase()}`);
  }
});
