// SPDX-License-Identifier: MIT OR Apache-2.0
// A visit of the page on a pool, up to a request that waits for its proof.

import { join } from "node:path";
import { startWorld } from "../../sdk/test/world.mjs";
import { openPage } from "./browser.mjs";

const WAIT = 240_000;

/** Starts a pool whose model is proven by `profile`, and the page on it. */
export async function visit(profile) {
  const world = await startWorld({ profile });
  const opened = await openPage(world, world.keyOf("ada"));
  opened.page.setDefaultTimeout(WAIT);
  await opened.page.addInitScript(watch);
  await opened.page.goto(`${opened.url}/?pool=${world.at("pool")}`);
  await opened.page.getByRole("button", { name: "Test wallet" }).click();
  return { world, ...opened };
}

/** In the page: what keeps it busy, which workers it starts, and what becomes of buffers that it gives away. */
function watch() {
  window.busy = [];
  new PerformanceObserver((list) => window.busy.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: "longtask",
  });
  window.memories = [];
  window.workers = { urls: [], given: [], ended: 0 };
  window.Worker = class extends Worker {
    constructor(url) {
      super(url);
      window.workers.urls.push(String(url));
      // Answers that are numbers are bytes of memory.
      this.addEventListener(
        "message",
        ({ data }) => typeof data.value === "number" && window.memories.push(data.value),
      );
    }

    postMessage(message, transfer) {
      super.postMessage(message, transfer);
      // Transferred: the page's own copies are gone.
      window.workers.given.push(...transfer.map((buffer) => buffer.byteLength));
    }

    terminate() {
      super.terminate();
      window.workers.ended++;
    }
  };
}

/** Asks for `amount`, chooses a tier and brings package and opening. */
export async function bring({ page, world }, amount, tier, opening = "ada/opening.json") {
  const at = (name) => join(world.folder, name);
  await page.getByLabel("Your credential").setInputFiles(at("ada/credential.json"));
  await page.getByLabel("Amount, in").first().fill(amount);
  await page.getByRole("button", { name: "Show what I can get" }).click();
  await page.getByRole("button", { name: `Choose tier ${tier}` }).click();
  await page.getByLabel("The lender's model package").setInputFiles(at("package/package.json"));
  await page.getByLabel("Your opening").setInputFiles(at(opening));
}

export const status = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
export const alert = (page, text) => page.getByRole("alert").filter({ hasText: text }).waitFor();

/** Waits until the page has no worker left; how many it has is known a little later than the page knows it. */
export async function workersGone(page) {
  for (let i = 0; i < 40 && page.workers().length > 0; i++) await page.waitForTimeout(50);
  return page.workers().length === 0;
}
