// SPDX-License-Identifier: MIT OR Apache-2.0
// What a curator, and whoever watches one, wants to see of a pool: attesters, records, announced changes.

import { AbiEvent, AbiFunction } from "ox";
import type { Context } from "./context.js";
import { managerAbi, poolAbi, registryAbi, underwriterAbi, vaultAbi } from "./generated/abi.js";
import type { Log } from "./send.js";
import type { Address, Hex } from "./types.js";
import { read } from "./wallet.js";

/** A key that signs credentials. */
export interface Attester {
  readonly attester: Address;
  /** The institution that the key signs for. */
  readonly issuer: Address;
  /** Credentials of this second and later count. */
  readonly validFrom: number;
  /** Credentials of this second and later do not count; 0 while the key is in use. */
  readonly retiredAt: number;
  /** Compromised: nothing that it signed counts. */
  readonly revoked: boolean;
  readonly p256: boolean;
}

/** A change that was announced, and neither carried out nor called off. */
export interface Scheduled {
  readonly operationId: Hex;
  readonly caller: Address;
  readonly target: Address;
  /** Unix seconds from which on it may be carried out. */
  readonly readyAt: number;
  /** The function, and its arguments as text; the selector if no contract of ours has it. */
  readonly call: string;
}

/** Where the document behind a digest is. */
export interface DocumentRecord {
  readonly uri: string;
  /** Keccak-256 of the file. */
  readonly contentHash: Hex;
  readonly recordedAt: bigint;
}

const ADDED = AbiEvent.fromAbi(registryAbi, "AttesterAdded");
const SCHEDULED = AbiEvent.fromAbi(managerAbi, "OperationScheduled");

/** Reads what governs a pool. */
export class GovernanceClient {
  constructor(private readonly context: Context) {}

  private async logs(address: Address, event: AbiEvent.AbiEvent, fromBlock: bigint): Promise<Log[]> {
    const { topics } = AbiEvent.encode(event);
    const filter = { address, topics, fromBlock: `0x${fromBlock.toString(16)}`, toBlock: "latest" };
    return (await this.context.provider.request({ method: "eth_getLogs", params: [filter] })) as Log[];
  }

  /** Every key that the registry ever took. */
  attesters(fromBlock = 0n): Promise<Attester[]> {
    return this.context.run(async () => {
      const { registry } = await this.context.info();
      const logs = await this.logs(registry, ADDED, fromBlock);
      return Promise.all(
        logs.map(async (log) => {
          const { attester } = AbiEvent.decode(ADDED, log as never);
          return { attester, ...(await read(this.context.provider, registry, registryAbi, "attesterKey", [attester])) };
        }),
      );
    });
  }

  /** Announced changes of everything that the pool's AccessManager governs. */
  scheduled(fromBlock = 0n): Promise<Scheduled[]> {
    return this.context.run(async () => {
      const { vault } = await this.context.info();
      const manager = await read(this.context.provider, vault, vaultAbi, "authority");
      const logs = await this.logs(manager, SCHEDULED, fromBlock);
      const found = await Promise.all(
        logs.map(async (log): Promise<Scheduled> => {
          const { caller, target, data } = AbiEvent.decode(SCHEDULED, log as never);
          const operationId = log.topics[1] as Hex;
          const readyAt = await read(this.context.provider, manager, managerAbi, "getSchedule", [operationId]);
          return { operationId, caller, target, readyAt, call: callText(data) };
        }),
      );
      // Of an operation that was announced twice, the last announcement counts; of one that is over, none.
      const open = new Map(found.filter(({ readyAt }) => readyAt !== 0).map((entry) => [entry.operationId, entry]));
      return [...open.values()];
    });
  }

  /** Where the model behind a digest is described; nothing if nobody recorded it. */
  modelRecord(modelDigest: bigint): Promise<DocumentRecord | undefined> {
    return this.record("modelRecord", modelDigest);
  }

  /** Where a schema is. */
  schemaRecord(schema: bigint): Promise<DocumentRecord | undefined> {
    return this.record("schemaRecord", schema);
  }

  private record(name: "modelRecord" | "schemaRecord", digest: bigint): Promise<DocumentRecord | undefined> {
    return this.context.run(async () => {
      const { registry } = await this.context.info();
      const word = `0x${digest.toString(16).padStart(64, "0")}`;
      const { uri, contentHash, recordedAt } = await read(this.context.provider, registry, registryAbi, name, [word]);
      return uri === "" ? undefined : { uri, contentHash, recordedAt };
    });
  }
}

function callText(data: Hex): string {
  for (const abi of [vaultAbi, underwriterAbi, registryAbi, poolAbi, managerAbi]) {
    const functions = abi.filter((item) => item.type === "function") as readonly AbiFunction.AbiFunction[];
    const item = functions.find((candidate) => AbiFunction.getSelector(candidate) === data.slice(0, 10));
    if (!item) continue;
    const decoded = AbiFunction.decodeData(item, data) as readonly unknown[] | undefined;
    return `${item.name}(${(decoded ?? []).map(argumentText).join(", ")})`;
  }
  return data.slice(0, 10);
}

function argumentText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(argumentText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${argumentText(inner)}`)
    .join(", ")}}`;
}
