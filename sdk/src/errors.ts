// SPDX-License-Identifier: MIT OR Apache-2.0
// What contracts, nodes, wallets and libraries throw, in words.

import { AbiError } from "ox";
import { TesseraError } from "./error.js";
import { errors } from "./generated/abi.js";
import { SENTENCES } from "./generated/sentences.js";
import { FOREIGN, hintOf } from "./hints.js";
import type { Hex } from "./types.js";

type Declared = (typeof errors)[number];

const bySelector = new Map<string, Declared>(errors.map((error) => [AbiError.getSelector(error), error]));

const PANIC = "0x4e487b71";
const REVERT = "0x08c379a0";

/** Reads what a call reverted with. */
export function decodeRevert(data: Hex, cause?: unknown): TesseraError {
  const selector = data.slice(0, 10).toLowerCase();
  const known = bySelector.get(selector);
  if (known) return declared(known, data, cause);
  const standard = selector === REVERT ? "string reason" : selector === PANIC ? "uint256 code" : undefined;
  if (standard) {
    const name = selector === REVERT ? "Error" : "Panic";
    try {
      const value = AbiError.decode(AbiError.from(`error ${name}(${standard})`), data);
      const sentence = name === "Panic" ? `The contract stopped with panic ${String(value)}.` : String(value);
      return new TesseraError(name === "Panic" ? "Panic" : "UnknownRevert", sentence, { cause });
    } catch {
      // Not what its selector says: shown as it is.
    }
  }
  const sentence =
    data === "0x"
      ? "The call reverted without a reason."
      : `The call reverted with ${data.slice(0, 74)}${data.length > 74 ? "…" : ""}.`;
  return new TesseraError("UnknownRevert", sentence, {
    hint: "See whether the address is that of the contract, on this chain.",
    cause,
  });
}

function declared(error: Declared, data: Hex, cause: unknown): TesseraError {
  const args: Record<string, unknown> = {};
  try {
    // Of one value, a bare value; of several, an array.
    const values = AbiError.decode(error as AbiError.AbiError, data) as unknown;
    const list = error.inputs.length === 1 ? [values] : ((values as unknown[] | undefined) ?? []);
    error.inputs.forEach((input, index) => {
      args[input.name || `argument${index}`] = list[index];
    });
  } catch {
    // The values are cut short; the name says enough.
  }
  return new TesseraError(error.name, sentenceOf(error.name, args), { hint: hintOf(error.name), args, cause });
}

const TIMES = new Set(["deadline", "expiresAt", "issuedAt", "notBefore", "retiredAt", "timestamp", "validFrom"]);
const LAST_DATE = 8_640_000_000_000n; // seconds; what `Date` can hold

function valueText(name: string, value: unknown): string {
  const isTime = TIMES.has(name) && (typeof value === "bigint" || typeof value === "number");
  if (!isTime || BigInt(value) > LAST_DATE) return String(value);
  return new Date(Number(value) * 1000).toISOString().replace(".000Z", "Z");
}

function sentenceOf(code: string, args: Readonly<Record<string, unknown>>): string {
  const values = Object.entries(args).map(([name, value]) => `${name} ${valueText(name, value)}`);
  const sentence = SENTENCES[code] ?? FOREIGN[code] ?? "The contract refused.";
  return values.length === 0 ? sentence : `${sentence.replace(/\.$/, "")} (${values.join(", ")}).`;
}

/** The bytes that a call reverted with, wherever a node, wallet or library has put them. */
function revertData(error: unknown): Hex | undefined {
  const seen = new Set<unknown>();
  const waiting: unknown[] = [error];
  while (waiting.length > 0) {
    const value = waiting.shift();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const { data } = value as { data?: unknown };
    if (typeof data === "string" && /^0x([0-9a-fA-F]{2})*$/.test(data)) {
      // Of a transaction that an error carries along, `data` is call data and there is a `to`.
      if (!("to" in value)) return data as Hex;
    }
    for (const name of ["data", "error", "cause", "info", "originalError"]) {
      waiting.push((value as Record<string, unknown>)[name]);
    }
  }
  return undefined;
}

function hasCode(error: unknown, code: number | string): boolean {
  for (let value = error, depth = 0; typeof value === "object" && value !== null && depth < 8; depth++) {
    const { code: found, cause, info } = value as { code?: unknown; cause?: unknown; info?: { error?: unknown } };
    if (found === code) return true;
    value = cause ?? info?.error;
  }
  return false;
}

/** Whatever was thrown, as an error with code, sentence and hint. */
export function toTesseraError(error: unknown): TesseraError {
  if (error instanceof TesseraError) return error;
  if (hasCode(error, 4001) || hasCode(error, "ACTION_REJECTED")) {
    return new TesseraError("UserRejected", "The wallet's owner declined.", { cause: error });
  }
  if (error instanceof Error && error.name === "AbortError") {
    return new TesseraError("Aborted", "The operation was called off.", { cause: error });
  }
  const data = revertData(error);
  if (data !== undefined) return decodeRevert(data, error);
  const message = error instanceof Error || isMessage(error) ? error.message : String(error);
  return new TesseraError("Rpc", message, {
    hint: "See whether the node answers, and whether the account has ether for the transaction.",
    cause: error,
  });
}

function isMessage(error: unknown): error is { message: string } {
  return typeof error === "object" && error !== null && typeof (error as { message?: unknown }).message === "string";
}
