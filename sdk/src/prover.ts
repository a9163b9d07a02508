// SPDX-License-Identifier: MIT OR Apache-2.0
// Who makes the proof.

import { TesseraError } from "./error.js";
import { parseProof } from "./files.js";
import { STATEMENT_WORDS } from "./generated/abi.js";
import type { Proof, Request } from "./types.js";

export interface ProveOptions {
  readonly signal?: AbortSignal;
  /** Called with the name of each stage that is done. */
  readonly onStage?: (stage: string) => void;
}

/** Makes a proof for a request, wherever that is done. */
export interface Prover {
  readonly name: string;
  prove(request: Request, options?: ProveOptions): Promise<Proof>;
}

/** A proof that was made elsewhere: the text of *proof.json*, or whoever asks for it. */
export function fileProver(text: string | ((request: Request) => Promise<string> | string)): Prover {
  return {
    name: "file",
    async prove(request) {
      const proof = parseProof(typeof text === "string" ? text : await text(request));
      checkProof(request, proof);
      return proof;
    },
  };
}

/** Throws unless `proof` says what `request` asks for. Whether it is true, only a verifier knows. */
export function checkProof(request: Request, proof: Proof): void {
  const other = STATEMENT_WORDS.find((word) => request.statement[word] !== proof.statement[word]);
  if (other) {
    throw new TesseraError("ProofMismatch", `The proof has another ${other} than the request.`, {
      hint: "Make the proof from this very request file.",
      args: { word: other },
    });
  }
}
