// SPDX-License-Identifier: MIT OR Apache-2.0
// Depositing: what the pool holds and is worth, putting money in, taking it out.

import type { Position, RedemptionRequest, VaultState } from "@tessera/sdk";
import { facts, field, h, section } from "./dom.js";
import { amount, date, days, percent, price, units } from "./format.js";
import { plot } from "./plot.js";
import { mistake, type Session, tokens } from "./session.js";

export function depositorView(session: Session): HTMLElement {
  const place = h("div", {});
  const refresh = async () => {
    const { pool, account } = session;
    const [state, position, requests, history] = await Promise.all([
      pool.vault.state(),
      pool.vault.position(account),
      pool.vault.requests(account),
      pool.vault.history(),
    ]);
    const { shareDecimals, decimals } = session.info;
    const shown = history.map(({ time, sharePrice }) => ({
      time,
      value: sharePrice,
      text: price(sharePrice, shareDecimals, decimals),
    }));
    place.replaceChildren(
      section("The pool", poolFacts(session, state)),
      section("Share price", plot(`Price of one share, in ${session.info.symbol}`, shown)),
      section("Yours", positionFacts(session, position)),
      section("Deposit", depositForm(session, refresh)),
      section(
        state.notice === 0 ? "Withdraw" : "Ask for redemption",
        leaveForm(session, state, position, requests, refresh),
      ),
    );
  };
  session.work.load(refresh);
  return h("div", {}, h("h2", {}, "Deposit"), place);
}

function poolFacts(session: Session, state: VaultState): HTMLElement {
  const { shareDecimals, decimals, symbol } = session.info;
  return facts([
    ["Cash", tokens(session, state.cash)],
    ["Lent", tokens(session, state.loansValue)],
    ["Marked down", tokens(session, state.unrealisedLosses)],
    ["First-loss cover", tokens(session, state.cover)],
    ["Gains not released yet", tokens(session, state.heldGains)],
    ["Worth to depositors", tokens(session, state.totalAssets)],
    ["One share", `${price(state.sharePrice, shareDecimals, decimals)} ${symbol}`],
    ["Takes up to", tokens(session, state.limits.deposits)],
    ["Lends up to", percent(state.limits.utilisation)],
    ["Fee on interest", percent(state.fee.share)],
    ["Notice for redemption", state.notice === 0 ? "none" : days(state.notice)],
  ]);
}

function positionFacts(session: Session, position: Position): HTMLElement {
  return facts([
    ["Shares", amount(position.shares, session.info.shareDecimals)],
    ["Worth now", tokens(session, position.assets)],
    ["Can be taken out now", tokens(session, position.claimableAssets)],
  ]);
}

function depositForm(session: Session, refresh: () => Promise<void>): HTMLElement {
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
  const button = h("button", { type: "submit" }, "Deposit");
  const submit = (event: Event) => {
    event.preventDefault();
    session.work.run(button, "Preparing the deposit…", async () => {
      const assets = units(input.value, session.info.decimals);
      if (assets === undefined)
        throw mistake("The amount is not a number of tokens.", "Enter 1500 or 1,500.25, for example.");
      const { shares } = await session.pool.vault.deposit(assets);
      await refresh();
      return `Deposited ${tokens(session, assets)} for ${amount(shares, session.info.shareDecimals)} shares.`;
    });
  };
  return h("form", { onsubmit: submit }, field(`Amount, in ${session.info.symbol}`, input), button);
}

function leaveForm(
  session: Session,
  state: VaultState,
  position: Position,
  requests: readonly RedemptionRequest[],
  refresh: () => Promise<void>,
): HTMLElement {
  const { vault } = session.pool;
  const { shareDecimals } = session.info;
  const byRequest = state.notice !== 0;
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
  const button = h("button", { type: "submit" }, byRequest ? "Ask for redemption" : "Withdraw");
  const submit = (event: Event) => {
    event.preventDefault();
    session.work.run(button, "Preparing…", async () => {
      const all = input.value.trim() === "";
      const shares = all ? (byRequest ? position.shares : position.claimableShares) : units(input.value, shareDecimals);
      if (shares === undefined) throw mistake("That is not a number of shares.", "Leave it empty for all of them.");
      await (byRequest ? vault.requestRedeem(shares) : vault.redeem(shares));
      await refresh();
      return byRequest ? "Asked for. The shares bear losses until they are settled." : "Withdrawn.";
    });
  };
  const settle = action("Settle what is due", session, "Settling…", async () => {
    await vault.settle();
    await refresh();
    return "Settled, as far as there is cash.";
  });
  const claim = action("Take out what is settled", session, "Taking out…", async () => {
    const { claimableShares } = await vault.position(session.account);
    await vault.redeem(claimableShares);
    await refresh();
    return "Taken out.";
  });
  const lines = requests.map(({ settlesAt, pending, claimable }) =>
    h(
      "li",
      {},
      `${amount(pending, shareDecimals)} shares wait, to be settled from ${date(settlesAt)}; ${amount(claimable, shareDecimals)} are settled.`,
    ),
  );
  const hint = byRequest
    ? `They are settled ${days(state.notice)} later, at the price of that moment. Empty for all.`
    : "Empty for all that can be withdrawn now.";
  return h(
    "div",
    {},
    h("form", { onsubmit: submit }, field("Shares", input, hint), button),
    lines.length > 0 ? h("ul", {}, ...lines) : undefined,
    requests.some(({ pending }) => pending > 0n) ? settle : undefined,
    requests.some(({ claimable }) => claimable > 0n) ? claim : undefined,
  );
}

function action(text: string, session: Session, doing: string, operation: () => Promise<string>): HTMLButtonElement {
  const button = h("button", { type: "button", onclick: () => void session.work.run(button, doing, operation) }, text);
  return button;
}
