// SPDX-License-Identifier: MIT OR Apache-2.0
// Amounts, rates and dates for people. Numbers stay whole numbers until they are text.

const UNIT = 10n ** 18n;

/** `1234567890n` of six decimals is `1,234.56789`. */
export function amount(units: bigint, decimals: number): string {
  const one = 10n ** BigInt(decimals);
  const sign = units < 0n ? "-" : "";
  const absolute = units < 0n ? -units : units;
  const whole = (absolute / one).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const part = (absolute % one).toString().padStart(decimals, "0").replace(/0+$/, "");
  return `${sign}${whole}${part && `.${part}`}`;
}

/** The inverse of {@link amount}; nothing if it is not a positive amount of that many decimals. */
export function units(text: string, decimals: number): bigint | undefined {
  const match = /^(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/.exec(text.trim());
  const part = match?.[2] ?? "";
  if (!match || part.length > decimals) return undefined;
  const value = BigInt((match[1] ?? "").replaceAll(",", "") + part.padEnd(decimals, "0"));
  return value > 0n ? value : undefined;
}

/** A share of 10^18 as a percentage. */
export function percent(share: bigint): string {
  return `${amount((share * 100n) / 10n ** 14n, 4)} %`;
}

/** Points × 2^32 as points, to a hundredth. */
export function points(threshold: bigint): string {
  return amount((threshold * 100n) >> 32n, 2);
}

/** The value of one share, in the token. */
export function price(sharePrice: bigint, shareDecimals: number, decimals: number): string {
  const perShare = (sharePrice * 10n ** BigInt(shareDecimals) * 10n ** 6n) / UNIT;
  return amount(perShare, decimals + 6).replace(/(\.\d{6})\d*$/, "$1");
}

export function date(seconds: bigint | number): string {
  const iso = new Date(Number(seconds) * 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

export function days(seconds: number): string {
  const count = Math.round((seconds / 86_400) * 10) / 10;
  return `${count} ${count === 1 ? "day" : "days"}`;
}

export function short(hex: string): string {
  return hex.length <= 14 ? hex : `${hex.slice(0, 8)}…${hex.slice(-4)}`;
}

export function word(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}
