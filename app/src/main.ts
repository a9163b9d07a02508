// SPDX-License-Identifier: MIT OR Apache-2.0
// The page: which pool, which wallet, and the three roles.

import {
  type Address,
  createPool,
  type DiscoveredWallet,
  fromProvider,
  type Progress,
  watchWallets,
} from "@tessera/sdk";
import { borrowerView } from "./borrower.js";
import { curatorView } from "./curator.js";
import { depositorView } from "./depositor.js";
import { field, h } from "./dom.js";
import { short } from "./format.js";
import { mistake, type Session, Work } from "./session.js";
import "./style.css";

/** Of a proof that is made in this page, the form itself tells the stages. */
const STEPS: Record<Progress["step"], string> = {
  preview: "Asking the pool…",
  prove: "Checking the proof…",
  simulate: "Trying it out before it is sent…",
  sign: "Waiting for your signature in the wallet…",
  send: "Waiting for your wallet to send it…",
  wait: "Sent. Waiting until it is in a block…",
  done: "Done.",
};

const VIEWS = [
  ["Borrow", borrowerView],
  ["Deposit", depositorView],
  ["Curate", curatorView],
] as const;

let report: () => unknown = () => ({ page: "no pool yet" });
const work = new Work(() => report());
const main = h("main", {});
const given = new URLSearchParams(location.search).get("pool") ?? "";
const address = h("input", { type: "text", value: given, autocomplete: "off", spellcheck: "false" });
const wallets = h("ul", { class: "wallets" });
const none = h("p", {}, "No wallet has announced itself. Install one that speaks EIP-6963, and load this page again.");
const welcome = h(
  "section",
  {},
  h("h2", {}, "Connect"),
  h("p", {}, "Everything on this page is read and sent through your wallet. The page itself talks to nobody."),
  field("Address of the pool", address, "Its lender tells you, or the link that brought you here."),
  none,
  wallets,
);

watchWallets((wallet) => {
  none.remove();
  const button = h("button", { type: "button", onclick: () => connect(wallet, button) }, wallet.name);
  if (wallet.icon) button.prepend(h("img", { src: wallet.icon, alt: "", width: "20", height: "20" }));
  wallets.append(h("li", {}, button));
});

function connect(wallet: DiscoveredWallet, button: HTMLButtonElement): void {
  work.run(button, "Waiting for your wallet…", async () => {
    const text = address.value.trim();
    if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
      throw mistake("The pool's address is missing, or is not an address.", "Enter 0x and 40 hexadecimal digits.");
    }
    const signer = fromProvider(wallet.provider);
    const account = await signer.account();
    const onProgress = ({ step, detail }: Progress) => {
      if (step !== "prove" || detail === "file") work.say(STEPS[step]);
    };
    const pool = createPool({ address: text as Address, wallet: fromProvider(wallet.provider, account), onProgress });
    report = () => pool.getDebugReport();
    // What is shown is of one account on one chain.
    const events = wallet.provider as { on?: (event: string, listener: () => void) => void };
    for (const event of ["accountsChanged", "chainChanged"]) events.on?.(event, () => location.reload());
    show({ pool, info: await pool.info(), account, work });
    return `Connected as ${short(account)} on chain ${(await pool.info()).chainId}.`;
  });
}

/** The roles as tabs. A view is made anew whenever its tab is chosen, so it shows what is true now. */
function show(session: Session): void {
  const panel = h("div", { role: "tabpanel", id: "panel", tabindex: "0" });
  const tabs = VIEWS.map(([name], index) =>
    h(
      "button",
      { type: "button", role: "tab", id: `tab-${index}`, "aria-controls": "panel", onclick: () => choose(index) },
      name,
    ),
  );
  const choose = (chosen: number) => {
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", `tab-${chosen}`);
    work.clear();
    const view = VIEWS[chosen]?.[1];
    if (view) panel.replaceChildren(view(session));
  };
  const list = h("div", { role: "tablist", "aria-label": "Roles" }, ...tabs);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (tabs.indexOf(document.activeElement as HTMLButtonElement) + step + tabs.length) % tabs.length;
    tabs[next]?.focus();
    choose(next);
  });
  main.replaceChildren(list, panel);
  choose(0);
}

main.append(welcome);
document
  .getElementById("page")
  ?.append(
    h("header", {}, h("h1", {}, "Tessera"), h("p", {}, "Loans without collateral, against a zero-knowledge proof")),
    h("div", { class: "notices" }, work.status, work.alerts),
    main,
  );
