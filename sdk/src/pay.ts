// SPDX-License-Identifier: MIT OR Apache-2.0
// Payments to the vault: as a batch where the wallet has them, else with a permit, else after an approval.

import { AbiFunction, Signature } from "ox";
import type { Context } from "./context.js";
import type { TypedMessage } from "./digest.js";
import { tokenAbi } from "./generated/abi.js";
import { batches, type Log, sendAndWait, sendBatch } from "./send.js";
import type { Address, Hex } from "./types.js";
import { type Call, call, read } from "./wallet.js";

/** A permit (EIP-2612) of the caller for the vault. */
export interface Permit {
  readonly deadline: bigint;
  readonly v: number;
  readonly r: Hex;
  readonly s: Hex;
}

/** How a payment was allowed. */
export type Route = "allowance" | "batch" | "permit" | "approval";

export interface Payment {
  /** What the vault may take at most. */
  readonly amount: bigint;
  /** The call once the vault may take it. */
  readonly plain: Call;
  /** The call that brings a permit along. */
  readonly withPermit: (permit: Permit) => Call;
}

const PERMIT_SECONDS = 3600n;

const PERMIT = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
] as const;

/** Pays; what is sent is simulated before, a batch where the node can. */
export async function pay(context: Context, payment: Payment): Promise<{ route: Route; logs: readonly Log[] }> {
  const { provider, wallet, recorder } = context;
  const { asset, vault, chainId } = await context.info();
  const owner = await wallet.account();
  const sent = () => recorder.progress({ step: "wait" });
  const send = async (transaction: Call) => {
    recorder.progress({ step: "simulate" });
    await call(provider, transaction.to, transaction.data, { from: owner, block: "pending" });
    recorder.progress({ step: "send" });
    return (await sendAndWait(wallet, transaction, sent)).logs;
  };
  const done = (route: Route, logs: readonly Log[]) => {
    recorder.progress({ step: "done" });
    return { route, logs };
  };

  const allowed = await read(provider, asset, tokenAbi, "allowance", [owner, vault]);
  if (allowed >= payment.amount) return done("allowance", await send(payment.plain));

  const approve: Call = {
    to: asset,
    data: AbiFunction.encodeData(AbiFunction.fromAbi(tokenAbi, "approve"), [vault, payment.amount]),
  };
  if (await batches(provider, owner, chainId)) {
    recorder.progress({ step: "simulate" });
    return done("batch", await sendBatch(provider, owner, chainId, [approve, payment.plain], sent));
  }
  const permit = await signPermit(context, owner, payment.amount);
  if (permit) return done("permit", await send(payment.withPermit(permit)));
  await send(approve);
  return done("approval", await send(payment.plain));
}

/** Signs a permit, if the token takes them. */
async function signPermit(context: Context, owner: Address, value: bigint): Promise<Permit | undefined> {
  const { provider } = context;
  const { asset, vault } = await context.info();
  const domain = await domainOf(context, asset, owner);
  if (!domain) return undefined;
  const deadline = (await context.now()) + PERMIT_SECONDS;
  const data: TypedMessage = {
    domain: domain.domain,
    types: { Permit: PERMIT },
    primaryType: "Permit",
    message: { owner, spender: vault, value, nonce: domain.nonce, deadline },
  };
  context.recorder.progress({ step: "sign" });
  const { r, s, yParity } = Signature.fromHex(await context.wallet.signTypedData(data));
  if (r === undefined || s === undefined) return undefined;
  // A wallet that is a contract signs otherwise, and the token would not take it.
  const spender = AbiFunction.encodeData(AbiFunction.fromAbi(tokenAbi, "permit"), [
    owner,
    vault,
    value,
    deadline,
    27 + yParity,
    word(r),
    word(s),
  ]);
  await call(provider, asset, spender, { from: owner, block: "pending" });
  return { deadline, v: 27 + yParity, r: word(r), s: word(s) };
}

function word(value: bigint | Hex): Hex {
  return `0x${BigInt(value).toString(16).padStart(64, "0")}`;
}

async function domainOf(context: Context, asset: Address, owner: Address) {
  const { provider } = context;
  const code = await provider.request({ method: "eth_getCode", params: [owner, "latest"] });
  if (code !== "0x") return undefined;
  try {
    const [nonce, domain] = await Promise.all([
      read(provider, asset, tokenAbi, "nonces", [owner]),
      read(provider, asset, tokenAbi, "eip712Domain"),
    ]);
    const [, name, version, chainId, verifyingContract] = domain;
    return { nonce, domain: { name, version, chainId: Number(chainId), verifyingContract } };
  } catch {
    // A token without permits (EIP-2612) or without its domain (EIP-5267).
    return undefined;
  }
}
