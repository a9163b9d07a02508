// SPDX-License-Identifier: MIT OR Apache-2.0
// EIP-6963: which wallets the browser has.

import type { Provider } from "./wallet.js";

export interface DiscoveredWallet {
  readonly uuid: string;
  readonly name: string;
  /** A data URI of its icon. */
  readonly icon: string;
  /** Reverse domain name, the same in every session. */
  readonly rdns: string;
  readonly provider: Provider;
}

/** Calls `found` once for each wallet that announces itself, now or later, until the returned function is called. */
export function watchWallets(found: (wallet: DiscoveredWallet) => void, target: EventTarget = window): () => void {
  const known = new Set<string>();
  const announced = (event: Event) => {
    const { detail } = event as CustomEvent<{ info?: Omit<DiscoveredWallet, "provider">; provider?: Provider }>;
    const { info, provider } = detail ?? {};
    if (!info || typeof info.uuid !== "string" || typeof provider?.request !== "function" || known.has(info.uuid))
      return;
    known.add(info.uuid);
    // Whatever else an extension puts there is left; an icon that is no image could be a script.
    const icon = String(info.icon).startsWith("data:image/") ? String(info.icon) : "";
    found({ uuid: info.uuid, name: String(info.name), icon, rdns: String(info.rdns), provider });
  };
  target.addEventListener("eip6963:announceProvider", announced);
  target.dispatchEvent(new Event("eip6963:requestProvider"));
  return () => target.removeEventListener("eip6963:announceProvider", announced);
}
