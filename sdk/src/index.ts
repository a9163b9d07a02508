// SPDX-License-Identifier: MIT OR Apache-2.0

export { type BrowserProverOptions, browserProver, type ProofCost, type ProverManifest } from "./browser.js";
export type { PoolInfo, PoolOptions } from "./context.js";
export type { ContextOf, TypedMessage } from "./digest.js";
export {
  borrowTypedData,
  contextOf,
  credentialTypedData,
  credentialUid,
  exposureClaims,
  fileHash,
  loanId,
  typedDigest,
} from "./digest.js";
export { type DiscoveredWallet, watchWallets } from "./discovery.js";
export { type LocalCode, TesseraError } from "./error.js";
export { decodeRevert, toTesseraError } from "./errors.js";
export type { Deployment } from "./files.js";
export { parseCredential, parseDeployment, parseProof, parseRequest, serializeRequest } from "./files.js";
export { STATEMENT_WORDS } from "./generated/abi.js";
export type { Attester, DocumentRecord, GovernanceClient, Scheduled } from "./governance.js";
export type { Route } from "./pay.js";
export { type Borrowed, createPool, type LoanState, Pool, type Repaid, type Wish } from "./pool.js";
export { checkProof, fileProver, type ProveOptions, type Prover } from "./prover.js";
export { provers } from "./provers.js";
export { type DebugReport, type Progress, SDK_VERSION } from "./report.js";
export { type BorrowRequest, buildRequest, type Offer, toBorrowArgs, toBorrowRequest } from "./request.js";
export type { Log, Receipt } from "./send.js";
export type * from "./types.js";
export { LOAN_STATUS } from "./types.js";
export type { Position, PricePoint, RedemptionRequest, VaultClient, VaultState } from "./vault.js";
export { type Call, fromProvider, type Provider, type Transaction, type Wallet } from "./wallet.js";
