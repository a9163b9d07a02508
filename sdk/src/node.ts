// SPDX-License-Identifier: MIT OR Apache-2.0
// In Node: proofs by the `tessera` command.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TesseraError } from "./error.js";
import { parseProof, serializeRequest } from "./files.js";
import { checkProof, type ProveOptions, type Prover } from "./prover.js";
import type { Request } from "./types.js";

export interface CliProverOptions {
  /** Folder of the lender's model package. */
  readonly model: string;
  /** File of the borrower's opening. */
  readonly opening: string;
  /** The command; `tessera` on the PATH if it is not given. */
  readonly command?: string;
  /** Further arguments, `["--profile", "direct"]` for example. */
  readonly args?: readonly string[];
}

/** Proves on this machine by `tessera prove`. Request and proof are in a folder that only this user may read. */
export function cliProver(options: CliProverOptions): Prover {
  return {
    name: "cli",
    async prove(request: Request, { signal, onStage }: ProveOptions = {}) {
      const folder = await mkdtemp(join(tmpdir(), "tessera-"));
      try {
        const [asked, made] = [join(folder, "request.json"), join(folder, "proof.json")];
        await writeFile(asked, serializeRequest(request), { mode: 0o600 });
        const files = ["--model", options.model, "--opening", options.opening, "--request", asked, "--out", made];
        await run(options.command ?? "tessera", ["prove", ...files, ...(options.args ?? [])], signal, onStage);
        const proof = parseProof(await readFile(made, "utf8"));
        checkProof(request, proof);
        return proof;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** The command's lines are `stage   1.23 s`, or words for people, which an error repeats. */
const STAGE = /^(\S.*\S)\s+[0-9.]+ s$/;
const KEPT = 20;

function run(
  command: string,
  args: string[],
  signal: AbortSignal | undefined,
  onStage: ((stage: string) => void) | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (sentence: string, cause?: unknown) =>
      reject(
        new TesseraError(signal?.aborted ? "Aborted" : "ProverFailed", sentence, {
          hint: "Run `tessera prove` with the same files to see more.",
          cause,
        }),
      );
    const child = spawn(command, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
      ...(signal && { signal }),
    });
    const said: string[] = [];
    let rest = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const stage = STAGE.exec(line.trim())?.[1];
        if (stage) onStage?.(stage);
        else if (line.trim() && said.push(line.trim()) > KEPT) said.shift();
      }
    });
    child.on("error", (error) => failed(`The command ${command} does not run: ${error.message}.`, error));
    child.on("close", (code, by) => {
      if (code === 0) return resolve();
      const words = [...said, rest].filter(Boolean).join(" ");
      failed(words || `The command ended with ${by ?? `exit code ${code}`}.`);
    });
  });
}
