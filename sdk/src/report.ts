// SPDX-License-Identifier: MIT OR Apache-2.0
// What happened, for a page that shows it and for a report to whoever has to find out what went wrong.

import type { TesseraError } from "./error.js";
import type { Address } from "./types.js";

/** What an operation is doing. `prove` names the prover's own stage as well. */
export interface Progress {
  readonly step: "preview" | "prove" | "simulate" | "sign" | "send" | "wait" | "done";
  readonly detail?: string;
}

/** For a bug report. Holds no account, credential, signature, feature, proof or transaction. */
export interface DebugReport {
  readonly sdk: string;
  readonly pool: Address;
  readonly chainId?: number;
  readonly steps: readonly { at: string; step: string }[];
  readonly errors: readonly { at: string; code: string }[];
}

export const SDK_VERSION = "0.1.0";

const KEPT = 100;

/** Keeps the last steps and error codes: names of a fixed set, and never a value. */
export class Recorder {
  private readonly steps: { at: string; step: string }[] = [];
  private readonly errors: { at: string; code: string }[] = [];
  chainId: number | undefined;

  constructor(
    private readonly pool: Address,
    private readonly onProgress: ((progress: Progress) => void) | undefined,
    private readonly onError: ((code: string, report: DebugReport) => void) | undefined,
  ) {}

  progress = (progress: Progress): void => {
    keep(this.steps, { at: new Date().toISOString(), step: progress.step });
    this.onProgress?.(progress);
  };

  failed(error: TesseraError): TesseraError {
    keep(this.errors, { at: new Date().toISOString(), code: error.code });
    this.onError?.(error.code, this.report());
    return error;
  }

  report(): DebugReport {
    const { chainId } = this;
    return {
      sdk: SDK_VERSION,
      pool: this.pool,
      ...(chainId !== undefined && { chainId }),
      steps: [...this.steps],
      errors: [...this.errors],
    };
  }
}

function keep<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > KEPT) list.shift();
}
