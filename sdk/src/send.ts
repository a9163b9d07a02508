// SPDX-License-Identifier: MIT OR Apache-2.0
// Transactions: one, or several as a batch where the wallet has EIP-5792.

import { TesseraError } from "./error.js";
import { decodeRevert, toTesseraError } from "./errors.js";
import type { Address, Hex } from "./types.js";
import { type Call, call, type Provider, type Wallet } from "./wallet.js";

export interface Log {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

export interface Receipt {
  readonly transactionHash: Hex;
  readonly blockNumber: Hex;
  readonly gasUsed: Hex;
  readonly logs: readonly Log[];
}

interface MinedReceipt extends Receipt {
  readonly status: Hex;
}

const POLL = 250; // milliseconds
const PATIENCE = 120_000;

async function poll<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) {
      throw new TesseraError("NoReceipt", `${what} is not mined after ${PATIENCE / 1000} seconds.`, {
        hint: "It may still be: look for it in the wallet before sending it again.",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/**
 * What a call takes, and a quarter more: how much there is to do depends on the second in which it is mined, for
 * interest is booked and gains are released by then.
 */
async function gasFor(provider: Provider, from: Address, { to, data }: Call): Promise<bigint> {
  const estimate = await provider.request({ method: "eth_estimateGas", params: [{ from, to, data }] });
  return (BigInt(estimate as Hex) * 5n) / 4n;
}

/** Sends one transaction and waits until it is mined. */
export async function sendAndWait(wallet: Wallet, transaction: Call, onSent?: () => void): Promise<Receipt> {
  const { provider } = wallet;
  let hash: Hex;
  try {
    hash = await wallet.send({ ...transaction, gas: await gasFor(provider, await wallet.account(), transaction) });
  } catch (error) {
    throw toTesseraError(error);
  }
  onSent?.();
  const receipt = await poll(async () => {
    const mined = await provider.request({ method: "eth_getTransactionReceipt", params: [hash] });
    return (mined ?? undefined) as MinedReceipt | undefined;
  }, `The transaction ${hash}`);
  if (BigInt(receipt.status) !== 1n) {
    // The reason is not kept; the same call at that block usually has it.
    await call(provider, transaction.to, transaction.data, {
      from: await wallet.account(),
      block: receipt.blockNumber,
    });
    throw new TesseraError("TransactionReverted", `The transaction ${hash} was mined and reverted.`, {
      hint: "Something changed between simulation and mining: try again.",
    });
  }
  return receipt;
}

interface Capabilities {
  readonly atomic?: { readonly status?: string };
}

/** Whether the wallet carries several calls out as one, all or none (EIP-5792). */
export async function batches(provider: Provider, account: Address, chainId: number): Promise<boolean> {
  const chain = `0x${chainId.toString(16)}`;
  try {
    const params = [account, [chain]];
    const answer = (await provider.request({ method: "wallet_getCapabilities", params })) as Record<
      string,
      Capabilities
    >;
    // What holds on every chain stands under 0x0.
    const status = (answer?.[chain] ?? answer?.["0x0"])?.atomic?.status;
    return status === "supported" || status === "ready";
  } catch {
    // The wallet does not know the method.
    return false;
  }
}

interface SimulatedBlock {
  readonly calls: readonly {
    readonly status: Hex;
    readonly returnData?: Hex;
    readonly error?: { readonly data?: Hex };
  }[];
}

/** Tries calls out one after the other, where the node can (`eth_simulateV1`). */
async function simulateBatch(provider: Provider, from: Address, calls: readonly Call[]): Promise<void> {
  const asked = { blockStateCalls: [{ calls: calls.map(({ to, data }) => ({ from, to, data })) }] };
  let blocks: readonly SimulatedBlock[];
  try {
    const params = [asked, "latest"];
    blocks = (await provider.request({ method: "eth_simulateV1", params })) as readonly SimulatedBlock[];
  } catch {
    // Not every node has the method; the wallet refuses a batch that reverts.
    return;
  }
  const refused = blocks.flatMap((block) => block.calls).find(({ status }) => BigInt(status) === 0n);
  if (refused) throw decodeRevert(refused.error?.data ?? refused.returnData ?? "0x");
}

interface CallsStatus {
  readonly status: number;
  readonly receipts?: readonly MinedReceipt[];
}

/** Tries `calls` out, sends them as one batch and waits until it is mined; the receipts' logs, together. */
export async function sendBatch(
  provider: Provider,
  account: Address,
  chainId: number,
  calls: readonly Call[],
  onSent?: () => void,
): Promise<readonly Log[]> {
  await simulateBatch(provider, account, calls);
  const batch = { version: "2.0.0", from: account, chainId: `0x${chainId.toString(16)}`, atomicRequired: true, calls };
  let id: string;
  try {
    const sent = (await provider.request({ method: "wallet_sendCalls", params: [batch] })) as { id: string };
    id = sent.id;
  } catch (error) {
    throw toTesseraError(error);
  }
  onSent?.();
  const done = await poll(async () => {
    const answer = (await provider.request({ method: "wallet_getCallsStatus", params: [id] })) as CallsStatus;
    return answer.status >= 200 ? answer : undefined;
  }, "The batch");
  if (done.status !== 200) {
    throw new TesseraError("TransactionReverted", `The batch ended with status ${done.status}; nothing was done.`, {
      hint: "Something changed between simulation and mining: try again.",
    });
  }
  return (done.receipts ?? []).flatMap((receipt) => receipt.logs);
}
