// SPDX-License-Identifier: MIT OR Apache-2.0
// Who reads the chain, signs and sends: any EIP-1193 provider, or what an adapter makes of a library's signer.

import { AbiFunction, type AbiItem } from "ox";
import type { TypedMessage } from "./digest.js";
import { TesseraError } from "./error.js";
import { toTesseraError } from "./errors.js";
import type { Address, Hex } from "./types.js";

/** EIP-1193. */
export interface Provider {
  request(args: { method: string; params?: unknown }): Promise<unknown>;
}

/** A transaction's target and call data. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
}

/** A call with the gas that it may take. */
export interface Transaction extends Call {
  readonly gas: bigint;
}

/** Reads, signs and sends. */
export interface Wallet {
  readonly provider: Provider;
  /** The account that signs and sends. */
  account(): Promise<Address>;
  /** Sends a transaction; its hash. */
  send(transaction: Transaction): Promise<Hex>;
  /** `eth_signTypedData_v4`; 65 bytes. */
  signTypedData(data: TypedMessage): Promise<Hex>;
}

/** The wallet behind an EIP-1193 provider, a browser's for example. `account` chooses among several. */
export function fromProvider(provider: Provider, account?: Address): Wallet {
  const owner = async (): Promise<Address> => {
    if (account) return account;
    const accounts = (await provider.request({ method: "eth_requestAccounts" })) as Address[];
    const [first] = accounts;
    if (!first) {
      throw new TesseraError("NoAccount", "The wallet offers no account.", {
        hint: "Unlock the wallet and connect it.",
      });
    }
    return first;
  };
  return {
    provider,
    account: owner,
    async send({ to, data, gas }) {
      const transaction = { from: await owner(), to, data, gas: `0x${gas.toString(16)}` };
      return (await provider.request({ method: "eth_sendTransaction", params: [transaction] })) as Hex;
    },
    async signTypedData(data) {
      const params = [await owner(), typedDataJson(data)];
      return (await provider.request({ method: "eth_signTypedData_v4", params })) as Hex;
    },
  };
}

/** As wallets take it: numbers as decimal strings, and the domain's own type named. */
export function typedDataJson(data: TypedMessage): string {
  const EIP712Domain = [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ];
  return JSON.stringify({ ...data, types: { EIP712Domain, ...data.types } }, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}

/** Calls without sending. An error is one of the contracts', in words. */
export async function call(provider: Provider, to: Address, data: Hex, options: CallOptions = {}): Promise<Hex> {
  const ask = async (block: string) => {
    const transaction = { ...(options.from && { from: options.from }), to, data };
    return (await provider.request({ method: "eth_call", params: [transaction, block] })) as Hex;
  };
  const { block = "latest" } = options;
  try {
    return await ask(block);
  } catch (error) {
    const told = toTesseraError(error);
    // Not every node has a pending block; then the latest one has to do.
    if (told.code !== "Rpc" || block !== "pending") throw told;
  }
  try {
    return await ask("latest");
  } catch (error) {
    throw toTesseraError(error);
  }
}

export interface CallOptions {
  readonly from?: Address;
  /** `pending` sees the time of the next block. */
  readonly block?: "latest" | "pending" | Hex;
}

type Item<abi extends readonly unknown[], name extends AbiFunction.Name<abi>> = AbiItem.fromAbi.ReturnType<
  abi,
  name,
  undefined,
  AbiFunction.AbiFunction
>;

/** What a contract's function returns. */
export async function read<const abi extends readonly unknown[], name extends AbiFunction.Name<abi>>(
  provider: Provider,
  to: Address,
  abi: abi,
  name: name,
  args: readonly unknown[] = [],
  options: CallOptions = {},
): Promise<AbiFunction.decodeResult.ReturnType<Item<abi, name>>> {
  const item = AbiFunction.fromAbi(abi, name as never) as AbiFunction.AbiFunction;
  const data = AbiFunction.encodeData(item, args as never);
  const result = await call(provider, to, data, options);
  if (result === "0x" && item.outputs.length > 0) {
    throw new TesseraError("UnknownRevert", `There is no contract at ${to} that has ${name as string}.`, {
      hint: "See whether the address is right, and the wallet on the right chain.",
    });
  }
  return AbiFunction.decodeResult(item, result) as never;
}
