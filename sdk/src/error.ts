// SPDX-License-Identifier: MIT OR Apache-2.0
// Every failure has a code for programs, a sentence for people, and a hint on what to do.

/** Failures that no contract names. */
export type LocalCode =
  | "BadFile" // a file or an argument is not what it has to be
  | "WrongChain" // wallet, credential and pool are of different chains or registries
  | "StatementMismatch" // the pool would have another statement proven than was computed here
  | "ProofMismatch" // the proof is of another request
  | "InsecureProof" // of the development reference string, off a local chain
  | "ProverFailed"
  | "Aborted"
  | "UserRejected" // the wallet's owner said no
  | "NoAccount" // the wallet offers no account
  | "TransactionReverted" // mined, and reverted without a reason that could be found
  | "NoReceipt" // not mined in time
  | "NothingOwed"
  | "UnknownRevert" // a contract reverted with an error that it does not declare
  | "Panic"
  | "Rpc"; // whatever else the node or the wallet said

/** Something that has a code, a sentence and a hint. */
export class TesseraError extends Error {
  override readonly name = "TesseraError";
  /** Name of the contracts' error, or a {@link LocalCode}. */
  readonly code: string;
  /** What was wrong. */
  readonly sentence: string;
  /** What to do. */
  readonly hint: string;
  /** The values of a contract's error, by name. */
  readonly args: Readonly<Record<string, unknown>>;

  constructor(
    code: LocalCode | (string & {}),
    sentence: string,
    more: { hint?: string; args?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    const hint = more.hint ?? "";
    super(`${code}: ${sentence}${hint && ` ${hint}`}`, { cause: more.cause });
    this.code = code;
    this.sentence = sentence;
    this.hint = hint;
    this.args = more.args ?? {};
  }
}
