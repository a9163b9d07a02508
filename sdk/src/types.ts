// SPDX-License-Identifier: MIT OR Apache-2.0

export type Hex = `0x${string}`;
export type Address = `0x${string}`;

/** What a proof says; its words in the order of `STATEMENT_WORDS`. */
export interface Statement {
  readonly commitment: bigint;
  readonly schema: bigint;
  readonly modelDigest: bigint;
  /** The score to reach, in points × 2^32. */
  readonly threshold: bigint;
  readonly context: bigint;
}

/** What an attester signs; the contract's struct of the same name. */
export interface Credential {
  readonly schema: Hex;
  /** The only address that may borrow with it. */
  readonly subject: Address;
  readonly holder: Hex;
  readonly commitment: Hex;
  /** Unix seconds; valid from here on. */
  readonly issuedAt: bigint;
  /** Unix seconds; not valid from here on. */
  readonly expiresAt: bigint;
  readonly claims: Hex;
  readonly salt: bigint;
}

/** What `claims` is the hash of. */
export interface Exposure {
  readonly asset: Address;
  /** The most that one loan may pay out, in the token's smallest unit. */
  readonly max: bigint;
}

/** Where a credential is valid: the EIP-712 domain's chain and contract. */
export interface Home {
  readonly chainId: number;
  readonly registry: Address;
}

/** A credential with its attester's signature. All of it is public. */
export interface SignedCredential extends Home {
  /** EIP-712 digest of the credential: what is signed. */
  readonly uid: Hex;
  readonly credential: Credential;
  readonly exposure: Exposure;
  readonly attester: Address;
  readonly signature: Hex;
}

/** What a borrower asks for. */
export interface Terms {
  readonly receiver: Address;
  /** In the token's smallest unit. */
  readonly amount: bigint;
  readonly tier: bigint;
  /** Unix seconds; last second at which the request may be carried out. */
  readonly deadline: bigint;
}

/** What a proof is made for, and all that `borrow` needs besides it. Public. */
export interface Request {
  readonly pool: Address;
  readonly borrower: Address;
  readonly terms: Terms;
  /** How many loans the person took out before. */
  readonly nonce: bigint;
  readonly statement: Statement;
  readonly credential: SignedCredential;
}

/** A proof and what it says. */
export interface Proof {
  readonly statement: Statement;
  readonly proof: Hex;
  /** Made with the development reference string: good for a local chain only. */
  readonly insecureSrs: boolean;
}

/** A loan or a credit line as it was agreed on; its hash is its id. */
export interface Loan {
  readonly borrower: Address;
  readonly tier: number;
  readonly line: boolean;
  readonly attester: Address;
  readonly holder: Hex;
  readonly credentialUid: Hex;
  /** A year's interest, in 1e-18, and what is added from the due date on. */
  readonly rate: bigint;
  readonly lateRate: bigint;
  readonly originatedAt: number;
  readonly dueAt: number;
  readonly graceEndsAt: number;
  readonly amount: bigint;
  readonly nonce: number;
}

/** Where in its life a loan stands. In the order of the contract's enum. */
export const LOAN_STATUS = ["none", "current", "grace", "delinquent", "default", "closed", "recovered"] as const;
export type LoanStatus = (typeof LOAN_STATUS)[number];
