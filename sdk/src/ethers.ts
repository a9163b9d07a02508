// SPDX-License-Identifier: MIT OR Apache-2.0
// ethers v6.

import type { JsonRpcApiProvider, Signer } from "ethers";
import { TesseraError } from "./error.js";
import type { Address, Hex } from "./types.js";
import type { Provider, Wallet } from "./wallet.js";

function sender(provider: Signer["provider"]): Provider {
  if (!provider || !("send" in provider)) {
    throw new TesseraError("NoAccount", "The signer has no JSON-RPC provider.", {
      hint: "Connect it: new Wallet(key, new JsonRpcProvider(url)), or await browserProvider.getSigner().",
    });
  }
  const rpc = provider as JsonRpcApiProvider;
  return { request: ({ method, params }) => rpc.send(method, (params ?? []) as unknown[]) };
}

/** The wallet behind an ethers signer that is connected to a JSON-RPC provider. */
export function fromEthers(signer: Signer): Wallet {
  const provider = sender(signer.provider);
  const account = async () => (await signer.getAddress()) as Address;
  // Of a key that is not in ethers' hands, the wallet counts. Of one that is, ethers would count by an answer that it
  // keeps for a quarter of a second, in which a transaction may have been mined.
  const counted = "sendUncheckedTransaction" in signer;
  const nonce = async () =>
    Number(await provider.request({ method: "eth_getTransactionCount", params: [await account(), "pending"] }));
  return {
    provider,
    account,
    send: async ({ to, data, gas }) => {
      const transaction = { to, data, gasLimit: gas, ...(!counted && { nonce: await nonce() }) };
      return (await signer.sendTransaction(transaction)).hash as Hex;
    },
    signTypedData: async ({ domain, types, message }) => {
      // ethers wants arrays that it may change.
      const copies: Record<string, { name: string; type: string }[]> = {};
      for (const [name, fields] of Object.entries(types)) copies[name] = [...fields];
      return (await signer.signTypedData(domain, copies, message)) as Hex;
    },
  };
}
