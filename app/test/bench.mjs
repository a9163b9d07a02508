// SPDX-License-Identifier: MIT OR Apache-2.0
// `make bench-browser`: what a proof of the German-credit model takes as WebAssembly, in Node and in Chromium, and
// natively on one thread in the same run.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { loadGlue } from "../../prover/wasm/pack.mjs";
import { ROOT, TESSERA } from "../../sdk/test/world.mjs";
import { bring, status, visit } from "./proving.mjs";

const PROVER = join(ROOT, "app", "public", "prover");
const RUNS = 3;
const say = (...cells) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
const seconds = (value) => `${value.toFixed(2)} s`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

/** CPU seconds that a command takes, user and system. */
function cpuOf(command, args, options) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" 2>&3';
  const stdio = ["ignore", "pipe", "pipe", "pipe"];
  const run = spawnSync("bash", ["-c", script, "bash", command, ...args], { ...options, stdio, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`${command}: ${run.output[3]}`);
  const [user, system] = run.stderr.trim().split(" ").map(Number);
  return { cpu: user + system, said: run.output[3] };
}

/** Native, on one thread: the least of some runs. */
function native(world) {
  const files = ["--model", "package", "--opening", "ada/opening.json", "--request", "request.json"];
  const env = { ...world.env, RAYON_NUM_THREADS: "1" };
  const runs = Array.from({ length: RUNS + 1 }, () =>
    cpuOf(TESSERA, ["prove", ...files, "--out", "native.json"], { cwd: world.folder, env }),
  );
  // The first one makes the reference string.
  return runs.slice(1).reduce((least, run) => (run.cpu < least.cpu ? run : least));
}

/** In a process of Node's of its own: CPU of all its threads, the compiler's among them. */
function inNode(world) {
  const run = spawnSync(process.execPath, [process.argv[1], "node", world.folder], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

function proveInNode(folder) {
  const glue = loadGlue(PROVER);
  const read = (name) => readFileSync(join(folder, name));
  const { statement } = JSON.parse(read("request.json"));
  const k = glue.plan(read("package/package.json"));
  const srs = readFileSync(join(PROVER, `srs-${k}.bin`));
  const runs = Array.from({ length: RUNS }, () => {
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    glue.proveDirect(read("package/package.json"), read("ada/opening.json"), srs, JSON.stringify(statement));
    const { user, system } = process.cpuUsage(cpu);
    return { cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1e3 };
  });
  process.stdout.write(JSON.stringify({ k, runs, memory: glue.memoryBytes() }));
}

/** In Chromium: CPU of the page's process, which its workers run in. */
async function inChromium(visited) {
  const { browser, page } = visited;
  const session = await browser.newBrowserCDPSession();
  const cpu = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    return renderers.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  await bring(visited, "1500", 0);
  const before = await cpu();
  const began = performance.now();
  await page.getByRole("button", { name: "Prove in this page" }).click();
  await status(page, "Borrowed 1,500 DUSD");
  const wall = (performance.now() - began) / 1e3;
  const costs = await page.evaluate(() => window.memories);
  return {
    cpu: (await cpu()) - before,
    wall,
    memory: Math.max(...costs),
    said: await page.getByRole("status").innerText(),
  };
}

const module = readFileSync(join(PROVER, "tessera.wasm"));
const compressed = brotliCompressSync(module).length;

async function measure() {
  process.stdout.write(
    `module: ${(module.length / 1e3).toFixed(0)} KB, ${(compressed / 1e3).toFixed(0)} KB by brotli\n\n`,
  );
  const visited = await visit(["--profile", "direct"]);
  try {
    const { world } = visited;
    const request = ["--credential", "ada/credential.json", "--amount", "1500", "--tier", "0", "--out", "request.json"];
    world.tessera("pool", "request", "--deployment", "deployment.json", ...request);
    const ours = native(world);
    const node = inNode(world);
    const chromium = await inChromium(visited);
    const [first, ...rest] = node.runs;
    const best = rest.reduce((least, run) => (run.cpu < least.cpu ? run : least), first);
    const ratio = ({ cpu }) => (cpu / ours.cpu).toFixed(1);
    say("where", "CPU", "time", "ratio of CPU", "memory");
    say("---", "---", "---", "---", "---");
    say("native, one thread", seconds(ours.cpu), "", "1.0", "");
    say("Node, first proof", seconds(first.cpu), seconds(first.wall), ratio(first), megabytes(node.memory));
    say("Node, a later one", seconds(best.cpu), seconds(best.wall), ratio(best), "");
    const { cpu, wall, memory } = chromium;
    say("Chromium, with the loan", seconds(cpu), seconds(wall), ratio(chromium), megabytes(memory));
    process.stdout.write(`\n${ours.said}\n${chromium.said}\n`);
  } finally {
    await visited.stop();
    visited.world.stop();
  }
}

if (process.argv[2] === "node") proveInNode(process.argv[3]);
else await measure();
