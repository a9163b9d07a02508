// SPDX-License-Identifier: MIT OR Apache-2.0
// What needs no chain: hashes against the vectors that the Rust crates make, files, errors, discovery, reports.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { AbiError, Hash, Secp256k1, Signature } from "ox";
import * as abi from "../dist/generated/abi.js";
import { SENTENCES } from "../dist/generated/sentences.js";
import { FOREIGN } from "../dist/hints.js";
import * as sdk from "../dist/index.js";
import { cliProver } from "../dist/node.js";
import { ROOT } from "./world.mjs";

const read = (...path) => readFileSync(join(ROOT, ...path), "utf8");
const corpus = (name) => read("prover", "tests", "corpus", name);

test("credential digests are those of the Rust vectors", () => {
  const { signed } = JSON.parse(read("prover/credential/vectors/credential.json"));
  const { credential: c, exposure } = signed;
  const credential = { ...c, issuedAt: BigInt(c.issuedAt), expiresAt: BigInt(c.expiresAt), salt: BigInt(c.salt) };
  const uid = sdk.credentialUid(signed, credential);
  assert.equal(uid, signed.uid);
  assert.equal(sdk.exposureClaims({ asset: exposure.asset, max: BigInt(exposure.max) }), c.claims);
  const signature = Signature.fromHex(signed.signature);
  assert.equal(Secp256k1.recoverAddress({ payload: uid, signature }).toLowerCase(), signed.attester);
});

test("the statement's words are those of prover/core, in its order", () => {
  const list = read("prover/core/src/statement.rs").split("\nstatement! {")[1].split("\n}")[0];
  const words = [...list.matchAll(/^ {4}\w+ = "(\w+)":/gm)].map(([, name]) => name);
  assert.ok(words.length > 0, "the macro's list has moved");
  assert.deepEqual([...sdk.STATEMENT_WORDS], words);
});

test("credentials of the contracts' fixtures are signed by their attesters", () => {
  for (const name of ["loan-n1", "loan-n2", "line-n1"]) {
    const fixture = JSON.parse(read("tests", "fixtures", `${name}.json`));
    const { request } = fixture;
    const c = request.credential;
    const credential = { ...c, issuedAt: BigInt(c.issuedAt), expiresAt: BigInt(c.expiresAt), salt: BigInt(c.salt) };
    const home = { chainId: Number(fixture.chainId), registry: fixture.registry };
    const signature = Signature.fromHex(request.signature);
    const signer = Secp256k1.recoverAddress({ payload: sdk.credentialUid(home, credential), signature });
    assert.equal(signer.toLowerCase(), request.attester.toLowerCase(), name);
    assert.equal(BigInt(fixture.statement.commitment), BigInt(c.commitment));
  }
});

test("files of the command are read and written alike", () => {
  const request = sdk.parseRequest(corpus("request/good.json"));
  assert.equal(request.terms.amount, 1_500_000_000n);
  assert.deepEqual(sdk.parseRequest(sdk.serializeRequest(request)), request);
  assert.deepEqual(sdk.parseCredential(corpus("credential/good.json")), request.credential);
  const proof = sdk.parseProof(corpus("proof/good.json"));
  assert.deepEqual(proof.statement, request.statement);
  const [args, bytes] = sdk.toBorrowArgs(request, proof);
  assert.equal(bytes, proof.proof);
  assert.equal(args.nonce, 0n);
  assert.match(sdk.parseDeployment(corpus("deployment/good.json")).pool, /0a$/);
});

test("every bad file of the corpus is refused by name and place", () => {
  const parsers = {
    credential: sdk.parseCredential,
    deployment: sdk.parseDeployment,
    proof: sdk.parseProof,
    request: sdk.parseRequest,
  };
  // The command refuses these for what a reader of files alone cannot see.
  const others = ["bad-signature.json", "bad-segments.json"];
  for (const [kind, parse] of Object.entries(parsers)) {
    const folder = join(ROOT, "prover", "tests", "corpus", kind);
    const bad = readdirSync(folder).filter((name) => name.startsWith("bad-") && !others.includes(name));
    assert.ok(bad.length > 0, kind);
    for (const name of bad) {
      const refused = (error) => error instanceof sdk.TesseraError && error.code === "BadFile" && error.hint !== "";
      assert.throws(() => parse(corpus(`${kind}/${name}`)), refused, `${kind}/${name}`);
    }
  }
});

test("numbers that a double cannot hold are refused unless they are strings", () => {
  const text = corpus("request/good.json");
  const changed = (from, to) => text.replace(from, to);
  assert.throws(
    () => sdk.parseRequest(changed('"deadline": 1800000000', '"deadline": 9007199254740993')),
    /deadline.*2\^53/,
  );
  const exact = sdk.parseRequest(changed('"deadline": 1800000000', '"deadline": "9007199254740993"'));
  assert.equal(exact.terms.deadline, 9_007_199_254_740_993n);
  assert.throws(() => sdk.parseRequest(changed('"nonce": "0x0"', '"nonce": "-1"')), /nonce/);
  assert.throws(() => sdk.parseRequest(changed('"version": 2', '"version": 3')), /version 3/);
  assert.throws(() => sdk.parseRequest(text.slice(0, 100)), /not JSON/);
  assert.throws(() => sdk.parseRequest("[]"), /not an object/);
});

test("a proof of another request is refused, whichever word differs", () => {
  const request = sdk.parseRequest(corpus("request/good.json"));
  const proof = sdk.parseProof(corpus("proof/good.json"));
  for (const word of sdk.STATEMENT_WORDS) {
    const statement = { ...proof.statement, [word]: proof.statement[word] + 1n };
    const refused = { code: "ProofMismatch", args: { word } };
    assert.throws(() => sdk.toBorrowArgs(request, { ...proof, statement }), refused);
  }
});

test("a loan's id is the hash of its thirteen words", () => {
  const word = (byte) => `0x${byte.toString(16).padStart(64, "0")}`;
  const address = (byte) => `0x${byte.toString(16).padStart(40, "0")}`;
  const loan = {
    ...{ borrower: address(1), tier: 2, line: true, attester: address(4), holder: word(5), credentialUid: word(6) },
    ...{ rate: 7n, lateRate: 8n, originatedAt: 9, dueAt: 10, graceEndsAt: 11, amount: 12n, nonce: 13 },
  };
  const words = [1, 2, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((n) => word(n).slice(2)).join("");
  assert.equal(sdk.loanId(loan), Hash.keccak256(`0x${words}`));
});

test("every error of every contract is in every ABI, with a sentence and a hint", () => {
  const declared = new Set();
  const walk = readdirSync(join(ROOT, "contracts"), { recursive: true, encoding: "utf8" });
  for (const file of walk.filter((name) => name.endsWith(".sol"))) {
    for (const [, name] of read("contracts", file).matchAll(/^\s*error (\w+)\(/gm)) declared.add(name);
  }
  const abis = Object.entries(abi).filter(([name]) => name.endsWith("Abi"));
  assert.ok(declared.size > 80 && abis.length >= 9, `${declared.size} errors, ${abis.length} ABIs`);
  for (const [name, items] of abis) {
    const errors = new Set(items.filter(({ type }) => type === "error").map((item) => item.name));
    for (const error of declared) assert.ok(errors.has(error), `${name} lacks ${error}`);
  }
  const zero = {
    address: `0x${"00".repeat(20)}`,
    bytes4: "0x00000000",
    bytes32: `0x${"00".repeat(32)}`,
    string: "",
    bytes: "0x",
  };
  for (const error of abi.errors) {
    assert.ok(SENTENCES[error.name] ?? FOREIGN[error.name], `${error.name} has no sentence`);
    const values = error.inputs.map(({ type }) => zero[type] ?? 0n);
    const decoded = sdk.decodeRevert(AbiError.encode(error, values));
    assert.equal(decoded.code, error.name);
    assert.ok(decoded.hint.length > 0, error.name);
    assert.deepEqual(
      Object.keys(decoded.args),
      error.inputs.map(({ name }, index) => name || `argument${index}`),
    );
  }
});

test("reverts are found wherever nodes, wallets and libraries put them", () => {
  const error = abi.errors.find(({ name }) => name === "AmountAboveTier");
  const data = AbiError.encode(error, [7n, 5n]);
  const shapes = [
    { code: 3, message: "execution reverted", data },
    { code: -32603, message: "Internal error", data: { code: 3, message: "reverted", data } },
    Object.assign(new Error("call"), { cause: Object.assign(new Error("rpc"), { cause: { code: 3, data } }) }),
    Object.assign(new Error("call"), {
      data: null,
      info: { error: { code: 3, data } },
      transaction: { to: "0x", data: "0x12" },
    }),
  ];
  for (const shape of shapes) {
    const { code, args, sentence } = sdk.toTesseraError(shape);
    assert.deepEqual([code, args], ["AmountAboveTier", { amount: 7n, max: 5n }]);
    assert.match(sentence, /amount 7, max 5/);
  }
  const expired = abi.errors.find(({ name }) => name === "CredentialExpired");
  const { sentence } = sdk.decodeRevert(AbiError.encode(expired, [1_800_000_000n, 1_800_000_060n]));
  assert.match(sentence, /expiresAt 2027-01-15T08:00:00Z, timestamp 2027-01-15T08:01:00Z/);
  const never = sdk.decodeRevert(AbiError.encode(expired, [2n ** 64n - 1n, 2n ** 256n - 1n]));
  assert.match(never.sentence, /expiresAt 18446744073709551615/);
  assert.equal(sdk.toTesseraError({ code: 4001, message: "no" }).code, "UserRejected");
  assert.equal(sdk.toTesseraError(Object.assign(new Error("no"), { code: "ACTION_REJECTED" })).code, "UserRejected");
  assert.equal(sdk.toTesseraError(new Error("connection refused")).code, "Rpc");
  assert.equal(sdk.decodeRevert("0xdeadbeef").code, "UnknownRevert");
  assert.equal(sdk.decodeRevert("0x").code, "UnknownRevert");
  assert.equal(sdk.decodeRevert(`0x4e487b71${"11".padStart(64, "0")}`).code, "Panic");
  assert.equal(sdk.decodeRevert("0x08c379a0ff").code, "UnknownRevert");
});

test("wallets that announce themselves are found once, and nothing of theirs is trusted", () => {
  const target = new EventTarget();
  const announce = (detail) => target.dispatchEvent(Object.assign(new Event("eip6963:announceProvider"), { detail }));
  const info = { uuid: "1", name: "One", icon: "data:image/svg+xml,<svg/>", rdns: "one.example" };
  const provider = { request: async () => null };
  target.addEventListener("eip6963:requestProvider", () => announce({ info, provider }));
  const found = [];
  const stop = sdk.watchWallets((wallet) => found.push(wallet), target);
  announce({ info, provider });
  announce({ info: { ...info, uuid: "2", icon: "javascript:alert(1)" }, provider });
  announce({ info: { ...info, uuid: "3" } });
  announce(undefined);
  stop();
  announce({ info: { ...info, uuid: "4" }, provider });
  assert.deepEqual(
    found.map(({ uuid, icon }) => [uuid, icon]),
    [
      ["1", info.icon],
      ["2", ""],
    ],
  );
});

test("a prover that fails says what the command said, and leaves no folder", async (t) => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), "tessera-unit-"));
  t.after(() => {
    rmSync(process.env.TMPDIR, { recursive: true });
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  const request = sdk.parseRequest(corpus("request/good.json"));
  const none = cliProver({ command: "/nowhere/tessera", model: "m", opening: "o" });
  await assert.rejects(none.prove(request), { code: "ProverFailed" });
  const stopped = cliProver({ command: "sleep", model: "m", opening: "o" });
  await assert.rejects(stopped.prove(request, { signal: AbortSignal.abort() }), { code: "Aborted" });
  assert.deepEqual(readdirSync(process.env.TMPDIR), []);
});
