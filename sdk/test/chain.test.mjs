// SPDX-License-Identifier: MIT OR Apache-2.0
// Loans with real proofs on a local chain with the real contracts, by the package as it is installed.

import assert from "node:assert/strict";
import { readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { JsonRpcProvider, Wallet } from "ethers";
import { AbiFunction } from "ox";
import { fromEthers } from "../dist/ethers.js";
import * as abi from "../dist/generated/abi.js";
import * as sdk from "../dist/index.js";
import { cliProver } from "../dist/node.js";
import { bundleSize, compile, examples, install, pack, runExample } from "./project.mjs";
import { startWorld, TESSERA } from "./world.mjs";

let world;
let project;
let archive;
const nodes = [];

before(async () => {
  world = await startWorld();
  archive = pack(world.folder);
  project = install(world.folder, archive.file);
  for (const name of ["ada", "ada.key", "lender.key", "deployment.json", "package"]) {
    symlinkSync(join(world.folder, name), join(project, name));
  }
});

after(() => {
  for (const node of nodes) node.destroy();
  world?.stop();
});

const file = (name) => readFileSync(join(world.folder, name), "utf8");
const env = () => ({ ...world.env, PATH: `${dirname(TESSERA)}:${process.env.PATH}` });

/** The pool through an ethers wallet of `name`'s key. */
function poolOf(name, options = {}) {
  const node = new JsonRpcProvider(world.rpc);
  nodes.push(node);
  const wallet = fromEthers(new Wallet(world.keyOf(name), node));
  return sdk.createPool({ address: world.at("pool"), wallet, ...options });
}

const credential = () => sdk.parseCredential(file("ada/credential.json"));
const at = (name) => join(world.folder, name);
const prover = () => cliProver({ command: TESSERA, model: at("package"), opening: at("ada/opening.json") });
const wish = { amount: 1_000_000_000n, tier: 0n };

/** EIP-1193 over HTTP, as a browser's wallet would be; the chain's own accounts sign and send. */
const http = {
  async request({ method, params = [] }) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch(world.rpc, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = await answer.json();
    if (error) throw error;
    return result;
  },
};

async function ask(to, contract, name, args) {
  const item = AbiFunction.fromAbi(contract, name);
  const data = AbiFunction.encodeData(item, args);
  return AbiFunction.decodeResult(item, await http.request({ method: "eth_call", params: [{ to, data }, "latest"] }));
}

async function repayAll(pool) {
  for (const { loan, principal } of await pool.loans(world.ada)) if (principal > 0n) await pool.repay(loan, "all");
}

test("the archive holds what it should, and is small", async () => {
  const expected = /^(package\.json|README\.md|LICENSE-(MIT|APACHE)|dist\/.*\.(js|d\.ts))$/;
  assert.deepEqual(
    archive.files.filter((path) => !expected.test(path)),
    [],
  );
  for (const path of ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "dist/viem.js"])
    assert.ok(archive.files.includes(path), path);
  console.log(`archive ${archive.size} bytes, ${archive.files.length} files`);
  const sizes = {
    everything: 'export * from "@tessera/sdk"',
    "createPool, viem": 'export { createPool } from "@tessera/sdk"; export { fromViem } from "@tessera/sdk/viem"',
    "createPool, ethers": 'export { createPool } from "@tessera/sdk"; export { fromEthers } from "@tessera/sdk/ethers"',
    "the pool's ABI": 'export { poolAbi } from "@tessera/sdk/abi"',
    decodeRevert: 'export { decodeRevert } from "@tessera/sdk"',
  };
  for (const [what, code] of Object.entries(sizes)) {
    const [bytes, compressed] = await bundleSize(project, code);
    console.log(`${what}: ${bytes} bytes minified, ${compressed} compressed`);
    assert.ok(compressed < 80_000, `${what} is ${compressed} bytes`);
  }
});

test("every example of the README compiles in an empty project, and runs", () => {
  const sources = examples();
  assert.deepEqual(Object.keys(sources), ["borrow-viem", "repay", "borrow-ethers", "deposit", "errors", "browser"]);
  const lines = sources["borrow-viem"].split("\n").filter((line) => line.trim() && !line.startsWith("import"));
  assert.ok(lines.length <= 10, `borrowing takes ${lines.length} lines`);
  compile(project, sources);
  const run = (name) => runExample(project, name, env());
  assert.match(run("borrow-viem"), /^borrowed 0x[0-9a-f]{64}\n$/);
  assert.match(run("repay"), /^current 1500000000n \d+n\nstill owed: 0n paid by permit\n$/);
  assert.match(run("borrow-ethers"), /^borrowed 0x[0-9a-f]{64}\n$/);
  assert.match(run("deposit"), /^got \d+n shares, paid by permit\n\d+n 1200\d{6}n \d+n\n$/);
  const said = run("errors");
  assert.match(said, /^AmountAboveTier \{"sdk":/m);
  assert.match(said, /^AmountAboveTier \| .*amount 5000000001, max 5000000000.* \| Ask for a smaller amount/m);
});

test("SDK, command and contracts compute the same statement, digests and ids", async () => {
  const pool = poolOf("ada");
  await repayAll(pool);
  const { registry, book, underwriter } = await pool.info();
  world.tessera(
    ...["pool", "request", "--deployment", "deployment.json", "--credential", "ada/credential.json"],
    ...["--amount", "1500", "--out", "theirs.json"],
  );
  const theirs = sdk.parseRequest(file("theirs.json"));
  const offer = (await pool.offers())[0];
  assert.deepEqual(sdk.buildRequest(theirs.pool, offer, theirs.credential, theirs.terms, theirs.nonce), theirs);

  const request = await pool.request(credential(), wish);
  const contractRequest = sdk.toBorrowRequest(request);
  const { uid } = request.credential;
  assert.equal(await ask(registry, abi.registryAbi, "uidOf", [request.credential.credential]), uid);
  const contextArgs = [request.pool, request.borrower, uid, request.terms, request.nonce];
  assert.equal(await ask(underwriter, abi.underwriterAbi, "context", contextArgs), request.statement.context);
  const digest = await ask(request.pool, abi.poolAbi, "requestDigest", [request.borrower, contractRequest]);
  assert.equal(sdk.typedDigest(sdk.borrowTypedData(request, offer.policyId)), digest);
  const [{ loan, loanId, status }] = await pool.loans(world.ada);
  assert.equal(await ask(book, abi.bookAbi, "idOf", [loan]), loanId);
  assert.equal(status, "closed");
});

test("a changed proof is refused before it is sent, and nothing of the borrower's is in the report", async () => {
  const [steps, codes] = [[], []];
  const onProgress = ({ step, detail }) => steps.push(detail ? `${step} ${detail}` : step);
  const pool = poolOf("ada", { onProgress, onError: (code, report) => codes.push([code, report]) });
  const request = await pool.request(credential(), wish);
  const proof = await prover().prove(request, { onStage: (stage) => steps.push(stage) });
  const sent = () => http.request({ method: "eth_getTransactionCount", params: [world.ada, "pending"] });
  const before = await sent();
  const [head, tail] = [proof.proof.slice(0, -2), proof.proof.slice(-2)];
  const changed = { ...proof, proof: `${head}${tail === "00" ? "01" : "00"}` };
  await assert.rejects(pool.borrow(request, changed), (error) => {
    assert.ok(["ProofRejected", "PointNotOnCurve", "WordNotInField"].includes(error.code), error.code);
    return error.hint !== "" && error.sentence !== "";
  });
  assert.equal(await sent(), before);

  const borrowed = await pool.borrow(request, proof);
  assert.equal(borrowed.loan.amount, wish.amount);
  console.log(`borrow: ${borrowed.gasUsed} gas`);
  assert.ok(steps.includes("aggregate") || steps.some((step) => /aggregat/.test(step)), steps.join());
  assert.deepEqual(steps.slice(-4), ["simulate", "send", "wait", "done"]);
  const report = JSON.stringify([pool.getDebugReport(), codes]).toLowerCase();
  const { uid, signature, credential: inner } = request.credential;
  const personal = [
    world.ada,
    uid,
    signature,
    inner.holder,
    inner.commitment,
    proof.proof.slice(0, 40),
    borrowed.loanId,
  ];
  for (const value of personal) assert.ok(!report.includes(value.slice(2).toLowerCase()), value);
  assert.match(report, /"chainid":31337/);
});

test("refusals have the contracts' names", async () => {
  const pool = poolOf("ada");
  const refused = (promise, code) =>
    assert.rejects(
      promise,
      (error) => error instanceof sdk.TesseraError && error.code === code && error.hint !== "",
      code,
    );
  await refused(pool.request(credential(), wish), "HolderAlreadyLocked");
  await repayAll(pool);
  const request = await pool.request(credential(), wish);
  await refused(poolOf("lender").borrow(request, prover()), "NotTheSubject");
  await refused(pool.preview({ ...request, nonce: request.nonce + 1n }), "WrongNonce");
  await refused(pool.request(credential(), { ...wish, tier: 7n }), "UnknownTier");
  await refused(pool.request(credential(), { ...wish, amount: 0n }), "ZeroAmount");
  await refused(pool.request({ ...credential(), chainId: 1 }, wish), "WrongChain");
  await refused(pool.request({ ...credential(), registry: world.ada }, wish), "WrongChain");
  await refused(sdk.createPool({ address: world.ada, wallet: sdk.fromProvider(http) }).info(), "UnknownRevert");
  // Tier 1 wants more points than the applicant has: the command says so, and nothing is sent.
  const better = await pool.request(credential(), { ...wish, tier: 1n });
  await assert.rejects(pool.borrow(better, prover()), { code: "ProverFailed", sentence: /score|points|threshold/ });
  const aborted = pool.borrow(request, prover(), { signal: AbortSignal.timeout(300) });
  await assert.rejects(aborted, { code: "Aborted" });
});

test("a credit line is opened, drawn on, repaid and closed", async () => {
  const pool = poolOf("ada");
  const { underwriter, asset } = await pool.info();
  const [first] = await pool.offers();
  const { verifier, modelDigest, schema, threshold } = first;
  const rule = { verifier, modelDigest, schema, segments: 1n, thresholds: [], issuers: [], maxAge: 0, from: 0, to: 0 };
  const pricing = { baseRate: 10n ** 17n, lateRate: 0n, grace: 864_000, line: true };
  const tiers = [{ threshold, maxAmount: 2_000_000_000n, premium: 0n, term: 7_776_000 }];
  const add = AbiFunction.fromAbi(abi.underwriterAbi, "addPolicy");
  const data = AbiFunction.encodeData(add, [{ rule, asset, pricing, tiers }]);
  world.cast("send", "--private-key", world.keyOf("lender"), underwriter, data);

  const offer = (await pool.offers()).at(-1);
  assert.deepEqual([offer.line, offer.rate, offer.maxAmount], [true, 10n ** 17n, 2_000_000_000n]);
  const request = await pool.request(credential(), { amount: 800_000_000n, tier: offer.tier });
  const { loan } = await pool.borrow(request, prover());
  const state = async () => pool.loan(loan);
  assert.deepEqual([(await state()).principal, (await state()).drawable], [0n, 800_000_000n]);
  assert.equal((await pool.draw(loan, credential(), 500_000_000n)).drawable, 300_000_000n);
  await assert.rejects(pool.draw(loan, credential(), 300_000_001n), { code: "AmountAboveLimit" });
  await assert.rejects(poolOf("lender").draw(loan, credential(), 1n), { code: "NotTheBorrower" });
  assert.equal((await pool.repay(loan, "all")).left, 0n);
  assert.equal((await state()).drawable, 800_000_000n);
  const closed = await pool.closeLine(loan);
  assert.deepEqual([closed.status, closed.drawable], ["closed", 0n]);
  await assert.rejects(pool.repay(loan, "all"), { code: "NothingOwed" });
});

test("a relayer carries what the borrower signed", async () => {
  const [borrower, relayer] = [poolOf("ada"), poolOf("lender")];
  const request = await borrower.request(credential(), wish);
  const signature = await borrower.sign(request);
  const proof = await prover().prove(request);
  const other = { ...request, terms: { ...request.terms, receiver: world.lender } };
  await assert.rejects(relayer.borrowFor(other, proof, signature), { code: "BadBorrowerSignature" });
  const { loan } = await relayer.borrowFor(request, proof, signature);
  assert.equal(loan.borrower, world.ada.toLowerCase());
  await repayAll(borrower);
});

test("a plain EIP-1193 wallet deposits by permit, and by a batch where it has them", async () => {
  const [account] = await http.request({ method: "eth_accounts" });
  const mint = ["mint(address,uint256)", account, "5000000000"];
  world.cast("send", "--private-key", world.keyOf("lender"), world.at("asset"), ...mint);
  const address = world.at("pool");
  const plain = sdk.createPool({ address, wallet: sdk.fromProvider(http) });
  const first = await plain.vault.deposit(1_000_000_000n);
  assert.equal(first.route, "permit");
  assert.ok(first.shares > 0n);

  const wallet = batchWallet(http);
  const batched = sdk.createPool({ address, wallet: sdk.fromProvider(wallet, account) });
  const second = await batched.vault.deposit(1_000_000_000n);
  assert.equal(second.route, "batch");
  assert.equal(wallet.batches.length, 1);
  const [{ version, atomicRequired, calls }] = wallet.batches;
  assert.deepEqual([version, atomicRequired, calls.length], ["2.0.0", true, 2]);

  const tooMuch = { code: "ERC4626ExceededMaxDeposit" };
  await assert.rejects(batched.vault.deposit(10n ** 15n), tooMuch);
  assert.equal(wallet.batches.length, 1, "a batch that would revert is not sent");

  const { shares, assets } = await plain.vault.position(account);
  assert.ok(shares >= first.shares + second.shares - 1n && assets > 1_900_000_000n);
  await plain.vault.redeem(shares);
  assert.equal((await plain.vault.position(account)).shares, 0n);
  const [{ attester, revoked }] = await plain.governance.attesters();
  assert.deepEqual([attester, revoked], [world.bank.toLowerCase(), false]);
  assert.deepEqual(await plain.governance.scheduled(), []);
  assert.ok((await plain.vault.history()).length > 1);
  await assert.rejects(plain.vault.requestRedeem(1n), { code: "NoticeIs" });
  await assert.rejects(plain.vault.deposit(10n ** 15n), { code: /ERC4626ExceededMaxDeposit|ERC20InsufficientBalance/ });
});

/** A wallet with EIP-5792, which the chain's node itself has not: it sends a batch's calls one after the other. */
function batchWallet(node) {
  const batches = [];
  const done = new Map();
  async function request({ method, params }) {
    if (method === "wallet_getCapabilities") return { [params[1][0]]: { atomic: { status: "supported" } } };
    if (method === "wallet_getCallsStatus") return done.get(params[0]);
    if (method !== "wallet_sendCalls") return node.request({ method, params });
    const [batch] = params;
    const receipts = [];
    for (const call of batch.calls) {
      const hash = await node.request({ method: "eth_sendTransaction", params: [{ from: batch.from, ...call }] });
      receipts.push(await node.request({ method: "eth_getTransactionReceipt", params: [hash] }));
    }
    const id = `0x${(batches.push(batch)).toString(16)}`;
    done.set(id, { version: "2.0.0", id, status: 200, atomic: true, receipts });
    return { id };
  }
  return { batches, request };
}
