// SPDX-License-Identifier: MIT OR Apache-2.0
// In a page: proofs by WebAssembly in a worker. Features never leave the page, and are wiped after each proof.

import { TesseraError } from "./error.js";
import { parseProof, statementJson } from "./files.js";
import { checkProof, type ProveOptions, type Prover } from "./prover.js";
import type { Request } from "./types.js";

/** The prover's files and their digests: *manifest.json* of `make wasm`, with the reference strings added. */
export interface ProverManifest {
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export interface BrowserProverOptions {
  /** Folder that serves the prover's files, on the page's own host. */
  readonly at: string | URL;
  /** Make it a part of your page's script: the files are held against it. */
  readonly manifest: ProverManifest;
  /** The lender's *package.json*. Read anew for each proof. */
  readonly model: Blob;
  /** The borrower's *opening.json*. Read anew for each proof, wiped after it, and never sent. */
  readonly opening: Blob;
  /** Called with the name of each stage that begins. */
  readonly onStart?: (stage: string) => void;
  /** Called when a proof is made. */
  readonly onCost?: (cost: ProofCost) => void;
}

/** What one proof took. */
export interface ProofCost {
  /** Linear memory of the worker, in bytes. */
  readonly memory: number;
  /** Milliseconds of each stage, by name, and of all. */
  readonly stages: Readonly<Record<string, number>>;
  readonly total: number;
}

/**
 * Proves in this page, in a worker that ends with the proof, a model that is proven directly. The page's content policy has to allow `script-src 'wasm-unsafe-eval'`, `worker-src blob:`
 * and `connect-src 'self'`; workers from blobs are bound by the page's policy, so they reach no other host either.
 */
export function browserProver(options: BrowserProverOptions): Prover {
  const files = new Files(options);
  return {
    name: "browser",
    async prove(request: Request, { signal, onStage }: ProveOptions = {}) {
      const round = new Round(files, options, signal, onStage);
      try {
        const proof = parseProof(new TextDecoder().decode(await round.prove(request)));
        checkProof(request, proof);
        return proof;
      } finally {
        round.end();
      }
    },
  };
}

/** Fetches what the manifest names, and takes nothing that is not it. */
class Files {
  private kept: Promise<{ module: WebAssembly.Module; script: string }> | undefined;

  constructor(private readonly options: BrowserProverOptions) {}

  async fetch(name: string): Promise<ArrayBuffer> {
    const entry = this.options.manifest.files[name];
    if (!entry) throw failed(`The prover's files have no ${name}.`, "Ask whoever hosts this page to add it.");
    const base = `${new URL(this.options.at, globalThis.document?.baseURI)}`.replace(/\/?$/, "/");
    const response = await fetch(new URL(name, base), { credentials: "omit", referrerPolicy: "no-referrer" }).catch(
      (cause) => {
        throw failed(`The prover's file ${name} could not be loaded.`, "Check your connection, then try again.", cause);
      },
    );
    if (!response.ok) throw failed(`The prover's file ${name} could not be loaded: ${response.status}.`, "Try again.");
    const bytes = await response.arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (found !== entry.sha256) {
      const hint = "Load the page again. If it stays so, tell whoever hosts it: do not bring secrets until then.";
      throw failed(`The prover's file ${name} is not the one that this page was built with.`, hint);
    }
    return bytes;
  }

  /** Module and script are kept: they are the same for every proof, and hold nothing of it. */
  code(): Promise<{ module: WebAssembly.Module; script: string }> {
    this.kept ??= (async () => {
      const [module, script] = await Promise.all([this.fetch("tessera.wasm"), this.fetch("worker.js")]);
      return { module: await WebAssembly.compile(module), script: new TextDecoder().decode(script) };
    })();
    this.kept.catch(() => {
      this.kept = undefined;
    });
    return this.kept;
  }
}

function failed(sentence: string, hint: string, cause?: unknown): TesseraError {
  return new TesseraError("ProverFailed", sentence, { hint, cause });
}

const HINTS: Readonly<Record<string, string>> = {
  ScoreTooLow: "Ask for a tier that wants fewer points.",
  BadFile: "Bring the files that lender and attester gave you.",
  NotDirect: "Have it proven by the tessera command, which proves in segments.",
  OtherFile: "Bring the package of this pool's model, and the opening of this very credential.",
};

/** One proof, and its worker. */
class Round {
  private task: Task | undefined;
  private readonly stages: Record<string, number> = {};

  constructor(
    private readonly files: Files,
    private readonly options: BrowserProverOptions,
    private readonly signal: AbortSignal | undefined,
    private readonly onStage: ((stage: string) => void) | undefined,
  ) {}

  async prove(request: Request): Promise<ArrayBuffer> {
    const began = performance.now();
    const { model, opening } = this.options;
    const worker = await this.worker();
    const k = await worker.call<number>("plan", { package: await model.arrayBuffer() });
    const srs = await this.files.fetch(`srs-${k}.bin`);
    const secrets = { package: await model.arrayBuffer(), opening: await opening.arrayBuffer() };
    const statement = JSON.stringify(statementJson(request.statement));
    const proof = await worker.call<ArrayBuffer>("direct", { ...secrets, srs, statement });
    const memory = await worker.call<number>("memory", {});
    this.options.onCost?.({ memory, stages: this.stages, total: performance.now() - began });
    return proof;
  }

  private async worker(): Promise<Task> {
    const { module, script } = await this.files.code();
    if (this.signal?.aborted) throw new TesseraError("Aborted", "The proof was called off.");
    const worker = new Task(script, this.signal, (event, stage, took) => {
      if (event === "started") this.options.onStart?.(stage);
      if (event !== "finished") return;
      this.stages[stage] = (this.stages[stage] ?? 0) + took;
      this.onStage?.(stage);
    });
    this.task = worker;
    await worker.call("start", { module });
    return worker;
  }

  end(): void {
    this.task?.end();
  }
}

type Heard = (event: string, stage: string, took: number) => void;

interface Answer {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly sentence: string };
  readonly event?: string;
  readonly stage?: string;
  readonly at?: number;
}

/** A worker that is asked one thing after another. Buffers are transferred to it: the page has them no more. */
class Task {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  private readonly began = new Map<string, number>();
  private next = 0;
  private fault: string | undefined;
  private readonly abort = () => this.fail(new TesseraError("Aborted", "The proof was called off."));

  constructor(
    script: string,
    private readonly signal: AbortSignal | undefined,
    private readonly heard: Heard,
  ) {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.worker = new Worker(url);
    URL.revokeObjectURL(url);
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.take(data);
    this.worker.onerror = (event) =>
      this.fail(failed(`The prover does not run: ${event.message}.`, "Load the page again."));
    signal?.addEventListener("abort", this.abort);
  }

  call<T>(op: string, given: Record<string, unknown>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, { resolve, reject });
      const transfer = Object.values(given)
        .flat()
        .filter((value) => value instanceof ArrayBuffer);
      this.worker.postMessage({ id, op, ...given }, transfer);
    });
  }

  private take({ id, value, error, event, stage = "", at = 0 }: Answer): void {
    if (event === "panic") this.fault = stage;
    else if (event !== undefined) {
      if (event === "started") this.began.set(stage, at);
      this.heard(event, stage, at - (this.began.get(stage) ?? at));
    }
    if (id === undefined) return;
    const call = this.waiting.get(id);
    this.waiting.delete(id);
    if (!error) {
      call?.resolve(value as never);
      return;
    }
    const place = this.fault === undefined ? "" : ` (at ${this.fault})`;
    const hint = HINTS[error.code] ?? "Close other tabs and try again, or prove with the tessera command.";
    call?.reject(new TesseraError(error.code, `${sentence(error.sentence)}${place}`, { hint }));
  }

  private fail(error: TesseraError): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    this.end();
  }

  end(): void {
    this.signal?.removeEventListener("abort", this.abort);
    this.worker.terminate();
  }
}

/** With a capital and a full stop, as every other sentence. */
function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
