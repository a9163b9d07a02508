// SPDX-License-Identifier: MIT OR Apache-2.0
// A pool's vault: what it holds, depositing, leaving.

import { AbiEvent, AbiFunction } from "ox";
import type { Context } from "./context.js";
import { vaultAbi } from "./generated/abi.js";
import { pay, type Route } from "./pay.js";
import { type Log, sendAndWait } from "./send.js";
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
  /** Of them, those that wait to be redeemed. */
  readonly waitingShares: bigint;
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

/** What 10^18 shares of the smallest unit were redeemed at, at the end of a block. */
export interface PricePoint {
  readonly block: bigint;
  /** Unix seconds. */
  readonly time: bigint;
  readonly sharePrice: bigint;
}

/** Shares that somebody asked to be redeemed. */
export interface RedemptionRequest {
  readonly requestId: bigint;
  /** Unix seconds from which on it may be settled. */
  readonly settlesAt: bigint;
  readonly pending: bigint;
  /** Settled, and waiting to be taken out. */
  readonly claimable: bigint;
}

const UNIT = 10n ** 18n;
const DAY = 86_400n;
const REQUESTED = AbiEvent.fromAbi(vaultAbi, "RedeemRequest");

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
      const [waitingShares, sharePrice, limits, fee] = await Promise.all([
        read(provider, vault, vaultAbi, "balanceOf", [vault], now),
        read(provider, vault, vaultAbi, "convertToAssets", [UNIT], now),
        read(provider, vault, vaultAbi, "limits", [], now),
        read(provider, vault, vaultAbi, "fee", [], now),
      ]);
      const [deposits, utilisation, least] = limits;
      const [share, receiver] = fee;
      return {
        ...{ cash, loansValue, unrealisedLosses, heldGains, cover, totalAssets, totalShares, waitingShares },
        ...{ sharePrice, notice },
        limits: { deposits, utilisation, cover: least },
        fee: { share, receiver },
      };
    });
  }

  /**
   * The share price at up to `count` blocks, spread evenly over those that there are. Blocks that the node has no
   * state of, or before the vault, are left out.
   */
  history(count = 30): Promise<PricePoint[]> {
    return this.context.run(async () => {
      const { vault } = await this.context.info();
      const { provider } = this.context;
      const last = BigInt((await provider.request({ method: "eth_blockNumber" })) as Hex);
      const steps = BigInt(Math.max(2, count) - 1);
      const blocks = new Set(Array.from({ length: Number(steps) + 1 }, (_, step) => (last * BigInt(step)) / steps));
      const points = [...blocks].map(async (block): Promise<PricePoint | undefined> => {
        const tag: Hex = `0x${block.toString(16)}`;
        try {
          const sharePrice = await read(provider, vault, vaultAbi, "convertToAssets", [UNIT], { block: tag });
          const found = await provider.request({ method: "eth_getBlockByNumber", params: [tag, false] });
          return { block, time: BigInt((found as { timestamp: Hex }).timestamp), sharePrice };
        } catch {
          return undefined;
        }
      });
      return (await Promise.all(points)).filter((point) => point !== undefined);
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

  /** What `controller` asked for and has not taken out, by the day from which on it may be settled. */
  requests(controller: Address, fromBlock = 0n): Promise<RedemptionRequest[]> {
    return this.context.run(async () => {
      const { vault } = await this.context.info();
      const { provider } = this.context;
      const { topics } = AbiEvent.encode(REQUESTED, { controller });
      const filter = { address: vault, topics, fromBlock: `0x${fromBlock.toString(16)}`, toBlock: "latest" };
      const logs = (await provider.request({ method: "eth_getLogs", params: [filter] })) as Log[];
      const ids = new Set(logs.map((log) => AbiEvent.decode(REQUESTED, log as never).requestId));
      const found = [...ids].map(async (requestId): Promise<RedemptionRequest> => {
        const args = [requestId, controller];
        const [pending, claimable] = await Promise.all([
          read(provider, vault, vaultAbi, "pendingRedeemRequest", args),
          read(provider, vault, vaultAbi, "claimableRedeemRequest", args),
        ]);
        return { requestId, settlesAt: requestId * DAY, pending, claimable };
      });
      return (await Promise.all(found)).filter(({ pending, claimable }) => pending + claimable > 0n);
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
