// SPDX-License-Identifier: MIT OR Apache-2.0
// A pool's vault: what it holds, depositing, leaving.

import { AbiFunction } from "ox";
import type { Context } from "./context.js";
import { queueAbi, vaultAbi } from "./generated/abi.js";
import { pay, type Route } from "./pay.js";
import { sendAndWait } from "./send.js";
import type { Address, Hex } from "./types.js";
import { call, read } from "./wallet.js";

/** What a vault holds now, in the token's smallest unit. */
export interface VaultState {
  readonly cash: bigint;
  readonly loansValue: bigint;
  /** The part of it that is marked down. */
  readonly unrealisedLosses: bigint;
  /** Gains that redeemed shares do not get yet. */
  readonly heldGains: bigint;
  /** First-loss cover, which bears losses before the depositors do. */
  readonly cover: bigint;
  /** What all shares together are redeemed at. */
  readonly totalAssets: bigint;
  readonly totalShares: bigint;
  /** What 10^18 shares of the smallest unit are redeemed at. */
  readonly sharePrice: bigint;
  /** Seconds from a redemption request until it may be settled; 0 if shares are redeemed at once. */
  readonly notice: number;
  readonly limits: { readonly deposits: bigint; readonly utilisation: bigint; readonly cover: bigint };
  readonly fee: { readonly share: bigint; readonly receiver: Address };
}

/** What one account has in a vault. */
export interface Position {
  readonly shares: bigint;
  /** What they are redeemed at now. */
  readonly assets: bigint;
  /** Shares and assets that can be taken out now. */
  readonly claimableShares: bigint;
  readonly claimableAssets: bigint;
}

const UNIT = 10n ** 18n;

/** The depositors' side of a pool. */
export class VaultClient {
  constructor(private readonly context: Context) {}

  /** What the vault holds now. */
  state(): Promise<VaultState> {
    return this.context.run(async () => {
      const { vault, notice } = await this.context.info();
      const { provider } = this.context;
      const now = { block: "pending" } as const;
      const [cash, loansValue, unrealisedLosses, heldGains, cover, totalAssets, totalShares] = await Promise.all([
        read(provider, vault, vaultAbi, "cash", [], now),
        read(provider, vault, vaultAbi, "loansValue", [], now),
        read(provider, vault, vaultAbi, "unrealisedLosses", [], now),
        read(provider, vault, vaultAbi, "heldGains", [], now),
        read(provider, vault, vaultAbi, "cover", [], now),
        read(provider, vault, vaultAbi, "totalAssets", [], now),
        read(provider, vault, vaultAbi, "totalSupply", [], now),
      ]);
      const [sharePrice, limits, fee] = await Promise.all([
        read(provider, vault, vaultAbi, "convertToAssets", [UNIT], now),
        read(provider, vault, vaultAbi, "limits", [], now),
        read(provider, vault, vaultAbi, "fee", [], now),
      ]);
      const [deposits, utilisation, least] = limits;
      const [share, receiver] = fee;
      return {
        ...{ cash, loansValue, unrealisedLosses, heldGains, cover, totalAssets, totalShares, sharePrice, notice },
        limits: { deposits, utilisation, cover: least },
        fee: { share, receiver },
      };
    });
  }

  /** What `owner` has. */
  position(owner: Address): Promise<Position> {
    return this.context.run(async () => {
      const { vault } = await this.context.info();
      const { provider } = this.context;
      const now = { block: "pending" } as const;
      const [shares, claimableShares, claimableAssets] = await Promise.all([
        read(provider, vault, vaultAbi, "balanceOf", [owner], now),
        read(provider, vault, vaultAbi, "maxRedeem", [owner], now),
        read(provider, vault, vaultAbi, "maxWithdraw", [owner], now),
      ]);
      const assets = await read(provider, vault, vaultAbi, "convertToAssets", [shares], now);
      return { shares, assets, claimableShares, claimableAssets };
    });
  }

  /** Deposits `assets` of the token's smallest unit for the wallet's account. */
  deposit(assets: bigint): Promise<{ route: Route; shares: bigint }> {
    return this.context.run(async () => {
      const { vault: to } = await this.context.info();
      const receiver = await this.context.wallet.account();
      const before = await this.sharesOf(receiver);
      const { route } = await pay(this.context, {
        amount: assets,
        plain: { to, data: AbiFunction.encodeData(AbiFunction.fromAbi(vaultAbi, "deposit"), [assets, receiver]) },
        withPermit: ({ deadline, v, r, s }) => ({
          to,
          data: AbiFunction.encodeData(AbiFunction.fromAbi(vaultAbi, "depositWithPermit"), [
            assets,
            receiver,
            deadline,
            v,
            r,
            s,
          ]),
        }),
      });
      return { route, shares: (await this.sharesOf(receiver)) - before };
    });
  }

  private async sharesOf(owner: Address): Promise<bigint> {
    const { vault } = await this.context.info();
    return read(this.context.provider, vault, vaultAbi, "balanceOf", [owner]);
  }

  /** Takes out shares: at once, or what was asked for and is settled. */
  redeem(shares: bigint): Promise<{ transactionHash: Hex }> {
    return this.context.run(async () => {
      const owner = await this.context.wallet.account();
      return this.send(AbiFunction.encodeData(AbiFunction.fromAbi(vaultAbi, "redeem"), [shares, owner, owner]), owner);
    });
  }

  /** Asks for shares to be redeemed, where the vault has a notice period. */
  requestRedeem(shares: bigint): Promise<{ transactionHash: Hex }> {
    return this.context.run(async () => {
      const owner = await this.context.wallet.account();
      const item = AbiFunction.fromAbi(vaultAbi, "requestRedeem");
      return this.send(AbiFunction.encodeData(item, [shares, owner, owner]), owner);
    });
  }

  /** Settles requests whose notice is over, as far as there is cash. For anybody. */
  settle(): Promise<{ transactionHash: Hex }> {
    return this.context.run(async () => {
      const data = AbiFunction.encodeData(AbiFunction.fromAbi(vaultAbi, "settleRedemptions"));
      return this.send(data, await this.context.wallet.account());
    });
  }

  /** Shares of `controller`'s request for the day `requestId` that wait, and that are settled. */
  requested(requestId: bigint, controller: Address): Promise<{ pending: bigint; claimable: bigint }> {
    return this.context.run(async () => {
      const { vault } = await this.context.info();
      const { provider } = this.context;
      const queue = await read(provider, vault, vaultAbi, "queue");
      const [pending, claimable] = await Promise.all([
        read(provider, queue, queueAbi, "pending", [requestId, controller]),
        read(provider, queue, queueAbi, "claimable", [requestId, controller]),
      ]);
      return { pending, claimable };
    });
  }

  private async send(data: Hex, from: Address): Promise<{ transactionHash: Hex }> {
    const { provider, wallet, recorder } = this.context;
    const { vault: to } = await this.context.info();
    recorder.progress({ step: "simulate" });
    await call(provider, to, data, { from, block: "pending" });
    recorder.progress({ step: "send" });
    const receipt = await sendAndWait(wallet, { to, data }, () => recorder.progress({ step: "wait" }));
    recorder.progress({ step: "done" });
    return { transactionHash: receipt.transactionHash };
  }
}
