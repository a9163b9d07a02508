// SPDX-License-Identifier: MIT OR Apache-2.0
// The hashes that contracts, prover and wallets have to agree on.

import { AbiFunction, AbiParameters, Hash, Hex as OxHex, TypedData } from "ox";
import { bookAbi } from "./generated/abi.js";
import type { Address, Credential, Exposure, Hex, Home, Loan, Request, Terms } from "./types.js";

const CREDENTIAL = [
  { name: "schema", type: "bytes32" },
  { name: "subject", type: "address" },
  { name: "holder", type: "bytes32" },
  { name: "commitment", type: "bytes32" },
  { name: "issuedAt", type: "uint64" },
  { name: "expiresAt", type: "uint64" },
  { name: "claims", type: "bytes32" },
  { name: "salt", type: "uint256" },
] as const;

const EXPOSURE = [
  { name: "asset", type: "address" },
  { name: "max", type: "uint128" },
] as const;

const BORROW = [
  { name: "borrower", type: "address" },
  { name: "credentialUid", type: "bytes32" },
  { name: "attester", type: "address" },
  { name: "policyId", type: "bytes32" },
  { name: "receiver", type: "address" },
  { name: "amount", type: "uint256" },
  { name: "tier", type: "uint256" },
  { name: "deadline", type: "uint64" },
  { name: "nonce", type: "uint256" },
] as const;

/** Typed data as `eth_signTypedData_v4` takes it. */
export interface TypedMessage {
  readonly domain: { name: string; version: string; chainId: number; verifyingContract: Address };
  readonly types: Record<string, readonly { name: string; type: string }[]>;
  readonly primaryType: string;
  readonly message: Record<string, unknown>;
}

/** What a wallet would sign of `data`. */
export function typedDigest(data: TypedMessage): Hex {
  return TypedData.getSignPayload(data as never);
}

/** What an attester signs. */
export function credentialTypedData(home: Home, credential: Credential): TypedMessage {
  return {
    domain: { name: "Tessera", version: "1", chainId: home.chainId, verifyingContract: home.registry },
    types: { Credential: CREDENTIAL },
    primaryType: "Credential",
    message: { ...credential },
  };
}

/** The credential's name on chain: its EIP-712 digest in the registry's domain. */
export function credentialUid(home: Home, credential: Credential): Hex {
  return typedDigest(credentialTypedData(home, credential));
}

/** The `claims` of a credential that vouches for `exposure`. */
export function exposureClaims(exposure: Exposure): Hex {
  return TypedData.hashStruct({ data: { ...exposure }, primaryType: "Exposure", types: { Exposure: EXPOSURE } });
}

/** Everything that a context binds besides the terms. */
export interface ContextOf {
  readonly chainId: number;
  readonly pool: Address;
  readonly verifier: Address;
  readonly policyId: Hex;
  readonly borrower: Address;
  readonly credentialUid: Hex;
  readonly nonce: bigint;
}

function types(...names: string[]): { type: string }[] {
  return names.map((type) => ({ type }));
}

function tag(text: string): Hex {
  return Hash.keccak256(OxHex.fromString(text));
}

/** What a proof may be used for, as `IUnderwriter.context` has it. */
export function contextOf(of: ContextOf, terms: Terms): bigint {
  const use = AbiParameters.encode(types("bytes32", "address", "uint256", "uint256", "uint64", "uint256"), [
    tag("tessera.borrow.v2"),
    terms.receiver,
    terms.amount,
    terms.tier,
    terms.deadline,
    of.nonce,
  ]);
  const words = types(
    "bytes32",
    "uint256",
    "address",
    "address",
    "bytes32",
    "address",
    "uint256",
    "bytes32",
    "bytes32",
  );
  const bound = AbiParameters.encode(words, [
    tag("tessera.use.v2"),
    BigInt(of.chainId),
    of.pool,
    of.verifier,
    of.policyId,
    of.borrower,
    terms.tier,
    of.credentialUid,
    Hash.keccak256(use),
  ]);
  // 248 bits are below the field's modulus.
  return BigInt(Hash.keccak256(bound)) >> 8n;
}

/** What a borrower signs so that somebody else may carry the request (`borrowFor`). */
export function borrowTypedData(request: Request, policyId: Hex): TypedMessage {
  const { receiver, amount, tier, deadline } = request.terms;
  const message = {
    borrower: request.borrower,
    credentialUid: request.credential.uid,
    attester: request.credential.attester,
    policyId,
    receiver,
    amount,
    tier,
    deadline,
    nonce: request.nonce,
  };
  const { chainId } = request.credential;
  return {
    domain: { name: "Tessera Pool", version: "1", chainId, verifyingContract: request.pool },
    types: { Borrow: BORROW },
    primaryType: "Borrow",
    message,
  };
}

/** The id of a loan: the hash of its record. */
export function loanId(loan: Loan): Hex {
  const { inputs } = AbiFunction.fromAbi(bookAbi, "idOf");
  return Hash.keccak256(AbiParameters.encode(inputs, [loan]));
}

/** Keccak-256 of a file, as the registry's records name it. */
export function fileHash(bytes: Uint8Array): Hex {
  return Hash.keccak256(bytes, { as: "Hex" });
}
