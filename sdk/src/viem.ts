// SPDX-License-Identifier: MIT OR Apache-2.0
// viem.

import type { WalletClient } from "viem";
import { TesseraError } from "./error.js";
import type { Address } from "./types.js";
import type { Provider, Wallet } from "./wallet.js";

/** The wallet behind a viem wallet client that has an account. */
export function fromViem(client: WalletClient): Wallet {
  const { account } = client;
  if (!account) {
    throw new TesseraError("NoAccount", "The wallet client has no account.", {
      hint: "Give createWalletClient an account.",
    });
  }
  return {
    provider: { request: client.request as Provider["request"] },
    account: async () => account.address as Address,
    send: ({ to, data, gas }) => client.sendTransaction({ account, chain: client.chain ?? null, to, data, gas }),
    signTypedData: (data) => client.signTypedData({ account, ...data } as never),
  };
}
