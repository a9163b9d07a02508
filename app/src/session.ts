// SPDX-License-Identifier: MIT OR Apache-2.0
// What the three views share: the pool, who is connected, and how work is shown.

import { type Address, type Pool, type PoolInfo, TesseraError, toTesseraError } from "@tessera/sdk";
import { h } from "./dom.js";
import { amount } from "./format.js";

export interface Session {
  readonly pool: Pool;
  readonly info: PoolInfo;
  readonly account: Address;
  readonly work: Work;
}

/** Shows what is going on, and what went wrong. */
export class Work {
  readonly status = h("p", { role: "status", class: "status" });
  readonly alerts = h("div", { role: "alert" });
  private running = 0;

  constructor(private readonly report: () => unknown) {}

  say(text: string): void {
    this.status.textContent = text;
  }

  /** Nothing is going on, and nothing went wrong. */
  clear(): void {
    this.say("");
    this.alerts.replaceChildren();
  }

  /** Reads what a view shows. */
  load(reading: () => Promise<void>): void {
    document.body.setAttribute("aria-busy", "true");
    this.running++;
    reading()
      .catch((error) => this.fail(error))
      .finally(() => this.finished());
  }

  private finished(): void {
    if (--this.running === 0) document.body.removeAttribute("aria-busy");
  }

  /** Runs what a button asks for: the button waits, and failures are shown in words. */
  async run(button: HTMLButtonElement, doing: string, operation: () => Promise<string>): Promise<void> {
    if (button.disabled) return;
    button.disabled = true;
    this.running++;
    document.body.setAttribute("aria-busy", "true");
    this.alerts.replaceChildren();
    this.say(doing);
    try {
      this.say(await operation());
    } catch (error) {
      this.say("");
      this.fail(error);
    } finally {
      button.disabled = false;
      this.finished();
    }
  }

  fail(error: unknown): void {
    const { code, sentence, hint } = toTesseraError(error);
    const text = JSON.stringify(this.report(), null, 2);
    this.alerts.replaceChildren(
      h(
        "div",
        { class: "failure" },
        h("p", {}, h("strong", {}, sentence), " ", hint),
        h("details", {}, h("summary", {}, `Details (${code})`), h("pre", { tabindex: "0" }, text)),
      ),
    );
  }
}

/** With the token's symbol. */
export function tokens({ info }: Session, units: bigint): string {
  return `${amount(units, info.decimals)} ${info.symbol}`;
}

const AMOUNTS = /^(AmountAbove(Tier|Exposure|Limit)|InsufficientCash|UtilisationTooHigh|CoverTooLow)$/;

/** The error's sentence, with amounts in tokens instead of their smallest unit. */
export function inTokens(session: Session, { code, sentence, args }: TesseraError): string {
  if (!AMOUNTS.test(code)) return sentence;
  return Object.entries(args).reduce(
    (text, [name, value]) => text.replace(`${name} ${value}`, `${name} ${tokens(session, value as bigint)}`),
    sentence,
  );
}

/** An error of the page's own. */
export function mistake(sentence: string, hint: string): TesseraError {
  return new TesseraError("BadFile", sentence, { hint });
}

/** The text of the file that was chosen. */
export async function chosen(input: HTMLInputElement): Promise<string> {
  const file = input.files?.[0];
  if (!file) throw mistake("No file was chosen.", "Choose one first.");
  if (file.size > 1 << 20) throw mistake(`${file.name} is larger than any such file is.`, "Choose another file.");
  return file.text();
}
