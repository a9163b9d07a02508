// SPDX-License-Identifier: MIT OR Apache-2.0
// Debian's Chromium on the built page, with a wallet that signs with a real key and sends to a real chain.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { JsonRpcProvider, Wallet } from "ethers";
import { chromium } from "playwright-core";
import { serve } from "../scripts/serve.mjs";

const APP = join(dirname(fileURLToPath(import.meta.url)), "..");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function executable() {
  for (const name of [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].filter(Boolean)) {
    try {
      return execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error("no Chromium here: install Debian's package chromium, or name one in CHROMIUM");
}

/** EIP-1193 for one key; `wallet.refuse` makes its owner decline the next thing. */
function walletOf(rpc, key) {
  const node = new JsonRpcProvider(rpc, undefined, { staticNetwork: true, cacheTimeout: -1 });
  const signer = new Wallet(key, node);
  const wallet = { node, refuse: false };
  const asks = new Set(["eth_requestAccounts", "eth_sendTransaction", "eth_signTypedData_v4"]);
  wallet.request = async ({ method, params = [] }) => {
    if (asks.has(method) && wallet.refuse) {
      wallet.refuse = false;
      throw { code: 4001, message: "User rejected the request." };
    }
    if (method === "eth_requestAccounts" || method === "eth_accounts") return [signer.address];
    if (method === "eth_sendTransaction") {
      const [{ to, data, gas }] = params;
      return (await signer.sendTransaction({ to, data, gasLimit: gas })).hash;
    }
    if (method === "eth_signTypedData_v4") {
      const { domain, types, message } = JSON.parse(params[1]);
      const { EIP712Domain: _, ...own } = types;
      return signer.signTypedData(domain, own, message);
    }
    return node.send(method, params);
  };
  return wallet;
}

/** What a wallet's extension puts into the page. */
function announce() {
  const provider = {
    async request(args) {
      const { result, error } = await window.askWallet(args);
      if (error) throw error;
      return result;
    },
  };
  const info = {
    uuid: "3f6a3c1e-0000-4000-8000-000000000001",
    name: "Test wallet",
    icon: "data:,",
    rdns: "test.wallet",
  };
  const detail = Object.freeze({ info, provider });
  const tell = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", tell);
  tell();
}

/** Opens the page in Chromium; everything that it should not do is collected in `wrong`. */
export async function openPage(world, key) {
  const asked = [];
  const { server, url } = await serve(0, ({ method, url, headers }) => {
    asked.push({ method, url, body: "content-length" in headers || "transfer-encoding" in headers });
  });
  const options = ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
  const browser = await chromium.launch({ executablePath: executable(), args: options });
  const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1100, height: 900 } });
  const page = await context.newPage();
  const wallet = walletOf(world.rpc, key);
  const wrong = [];
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(url))
      wrong.push(`asked for ${request.url()}`);
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  await page.exposeFunction("askWallet", async (args) => {
    try {
      return { result: await wallet.request(args) };
    } catch (error) {
      const inner = error.info?.error ?? error.error ?? error;
      return { error: { code: inner.code, message: inner.message, data: inner.data ?? error.data } };
    }
  });
  await page.addInitScript(announce);
  const stop = async () => {
    await browser.close();
    wallet.node.destroy();
    server.close();
  };
  return { browser, page, wallet, wrong, asked, url, stop };
}

/** What axe-core finds on the page as it is now, in light and dark. */
export async function audit(page) {
  const found = [];
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    // By the debugger, which the page's content policy does not bind.
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    for (const { id, nodes } of violations)
      found.push(
        `${colorScheme} ${id}: ${nodes
          .map(({ html }) => html)
          .join(" ")
          .slice(0, 300)}`,
      );
  }
  return found;
}

/** Keeps a picture of the page below app/screenshots. */
export async function picture(page, name) {
  const folder = join(APP, "screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
