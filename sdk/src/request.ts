// SPDX-License-Identifier: MIT OR Apache-2.0
// What is asked of a pool, and the arguments of the call that carries it.

import { contextOf } from "./digest.js";
import { checkProof } from "./prover.js";
import type { Address, Hex, Proof, Request, SignedCredential, Statement, Terms } from "./types.js";

/** What a tier offers and asks for. Rates are a year's, in 1e-18. */
export interface Offer {
  readonly tier: bigint;
  /** The score to reach, in points × 2^32. */
  readonly threshold: bigint;
  /** The most that one loan pays out, in the token's smallest unit. */
  readonly maxAmount: bigint;
  readonly rate: bigint;
  /** Added to the rate from the due date on. */
  readonly lateRate: bigint;
  /** Seconds from payout to the due date, which is rounded up to the end of its day (UTC). */
  readonly term: number;
  /** Seconds from the due date until the loan counts as delinquent. */
  readonly grace: number;
  /** A credit line instead of a loan. */
  readonly line: boolean;
  readonly policyId: Hex;
  /** Makes no new loans. */
  readonly retired: boolean;
  readonly modelDigest: bigint;
  readonly schema: bigint;
  readonly verifier: Address;
}

/** The contracts' `BorrowRequest`. */
export interface BorrowRequest {
  readonly credential: SignedCredential["credential"];
  readonly attester: Address;
  readonly signature: Hex;
  readonly exposure: SignedCredential["exposure"];
  readonly terms: Terms;
  readonly nonce: bigint;
}

/** A request and its statement, computed here from what the tier asks for. */
export function buildRequest(
  pool: Address,
  offer: Offer,
  credential: SignedCredential,
  terms: Terms,
  nonce: bigint,
): Request {
  const borrower = credential.credential.subject;
  const { verifier, policyId } = offer;
  const { chainId, uid: credentialUid } = credential;
  const statement: Statement = {
    commitment: BigInt(credential.credential.commitment),
    schema: offer.schema,
    modelDigest: offer.modelDigest,
    threshold: offer.threshold,
    context: contextOf({ chainId, pool, verifier, policyId, borrower, credentialUid, nonce }, terms),
  };
  return { pool, borrower, terms, nonce, statement, credential };
}

/** As the contracts take it. */
export function toBorrowRequest(request: Request): BorrowRequest {
  const { credential, attester, signature, exposure } = request.credential;
  return { credential, attester, signature, exposure, terms: request.terms, nonce: request.nonce };
}

/** The arguments of `borrow`. Throws if the proof is of another request. */
export function toBorrowArgs(request: Request, proof: Proof): [request: BorrowRequest, proof: Hex] {
  checkProof(request, proof);
  return [toBorrowRequest(request), proof.proof];
}
