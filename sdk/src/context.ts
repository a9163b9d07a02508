// SPDX-License-Identifier: MIT OR Apache-2.0
// What the parts of a pool's client share.

import { Address as OxAddress } from "ox";
import { TesseraError } from "./error.js";
import { toTesseraError } from "./errors.js";
import { poolAbi, tokenAbi, vaultAbi } from "./generated/abi.js";
import { type DebugReport, type Progress, Recorder } from "./report.js";
import type { Address } from "./types.js";
import { type Provider, read, type Wallet } from "./wallet.js";

/** A pool's contracts and its token. None of it ever changes. */
export interface PoolInfo {
  readonly chainId: number;
  readonly pool: Address;
  readonly vault: Address;
  readonly book: Address;
  readonly underwriter: Address;
  readonly registry: Address;
  readonly asset: Address;
  readonly symbol: string;
  readonly decimals: number;
  readonly shareDecimals: number;
  /** Seconds from a redemption request until it may be settled; 0 if shares are redeemed at once. */
  readonly notice: number;
}

export interface PoolOptions {
  readonly address: Address;
  readonly wallet: Wallet;
  readonly onProgress?: (progress: Progress) => void;
  /** Called once for every failed operation, before it throws. */
  readonly onError?: (code: string, report: DebugReport) => void;
}

export class Context {
  readonly wallet: Wallet;
  readonly provider: Provider;
  readonly address: Address;
  readonly recorder: Recorder;
  private known: Promise<PoolInfo> | undefined;

  constructor(options: PoolOptions) {
    if (!OxAddress.validate(options.address, { strict: false })) {
      throw new TesseraError("BadFile", `${options.address} is not an address.`, { hint: "Give the pool's address." });
    }
    this.wallet = options.wallet;
    this.provider = options.wallet.provider;
    this.address = options.address;
    this.recorder = new Recorder(options.address, options.onProgress, options.onError);
  }

  /** Runs an operation; what goes wrong is reported and thrown, with a code. */
  async run<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw this.recorder.failed(toTesseraError(error));
    }
  }

  info(): Promise<PoolInfo> {
    this.known ??= this.load().catch((error) => {
      this.known = undefined;
      throw error;
    });
    return this.known;
  }

  private async load(): Promise<PoolInfo> {
    const { provider, address: pool } = this;
    const chainId = Number(await provider.request({ method: "eth_chainId" }));
    this.recorder.chainId = chainId;
    const [vault, book, underwriter, registry, asset] = await Promise.all([
      read(provider, pool, poolAbi, "vault"),
      read(provider, pool, poolAbi, "book"),
      read(provider, pool, poolAbi, "underwriter"),
      read(provider, pool, poolAbi, "registry"),
      read(provider, pool, poolAbi, "asset"),
    ]);
    const [symbol, decimals, shareDecimals, notice] = await Promise.all([
      read(provider, asset, tokenAbi, "symbol"),
      read(provider, asset, tokenAbi, "decimals"),
      read(provider, vault, vaultAbi, "decimals"),
      read(provider, vault, vaultAbi, "notice"),
    ]);
    return { chainId, pool, vault, book, underwriter, registry, asset, symbol, decimals, shareDecimals, notice };
  }

  /** Unix seconds of the newest block. */
  async now(): Promise<bigint> {
    const params = ["latest", false];
    const block = (await this.provider.request({ method: "eth_getBlockByNumber", params })) as { timestamp: string };
    return BigInt(block.timestamp);
  }
}
