// SPDX-License-Identifier: MIT OR Apache-2.0
// For the curator and whoever watches one: policies and tiers, attesters, announced changes, the queue.

import { type Attester, type DocumentRecord, fileHash, type Offer, type Scheduled } from "@tessera/sdk";
import { facts, field, h, section, table } from "./dom.js";
import { amount, date, days, percent, points, short, word } from "./format.js";
import { mistake, type Session, tokens } from "./session.js";

export function curatorView(session: Session): HTMLElement {
  const place = h("div", {});
  session.work.load(async () => {
    const { pool } = session;
    const [offers, attesters, scheduled, state] = await Promise.all([
      pool.offers(),
      pool.governance.attesters(),
      pool.governance.scheduled(),
      pool.vault.state(),
    ]);
    const ids = [...new Set(offers.map(({ policyId }) => policyId))];
    const policies = ids.map((id) => offers.filter(({ policyId }) => policyId === id));
    const cards = await Promise.all(policies.map((tiers) => policyCard(session, tiers)));
    const queue: [string, string][] = [
      ["Notice", state.notice === 0 ? "none: shares are redeemed at once" : days(state.notice)],
      ["Shares that wait", amount(state.waitingShares, session.info.shareDecimals)],
      ["Cash for them", tokens(session, state.cash)],
    ];
    place.replaceChildren(
      section("Policies", ...cards),
      section("Attesters", attesterTable(attesters)),
      section("Announced changes", changes(scheduled)),
      section("Redemptions", facts(queue)),
    );
  });
  return h("div", {}, h("h2", {}, "Curate"), place);
}

async function policyCard(session: Session, tiers: readonly Offer[]): Promise<HTMLElement> {
  const [first] = tiers;
  if (!first) return h("p", {}, "No policy.");
  const record = await session.pool.governance.modelRecord(first.modelDigest);
  const rows = tiers.map((tier) => [
    String(tier.tier),
    points(tier.threshold),
    tokens(session, tier.maxAmount),
    percent(tier.rate),
    percent(tier.rate + tier.lateRate),
    days(tier.term),
    days(tier.grace),
  ]);
  return h(
    "article",
    { "aria-label": `Policy ${short(first.policyId)}` },
    h(
      "h4",
      {},
      `Policy ${short(first.policyId)}${first.retired ? ", retired" : ""}${first.line ? ", credit lines" : ""}`,
    ),
    table(
      `Tiers of policy ${short(first.policyId)}`,
      ["Tier", "Points", "Up to", "A year", "When late", "Term", "Grace"],
      rows,
    ),
    facts([
      ["Model", h("code", {}, word(first.modelDigest))],
      ["Schema", h("code", {}, word(first.schema))],
      ["Verifier", h("code", {}, first.verifier)],
    ]),
    recordPart(session, record),
  );
}

/** The model's document: where it is said to be, and whether a file is it. */
function recordPart(session: Session, record: DocumentRecord | undefined): HTMLElement {
  if (!record) return h("p", {}, "Nobody has recorded a document for this model.");
  const input = h("input", { type: "file" });
  const button = h("button", { type: "submit" }, "Compare");
  const submit = (event: Event) => {
    event.preventDefault();
    session.work.run(button, "Comparing…", async () => {
      const file = input.files?.[0];
      if (!file) throw mistake("No file was chosen.", "Choose the report first.");
      const found = fileHash(new Uint8Array(await file.arrayBuffer()));
      if (found !== record.contentHash) {
        throw mistake(
          `${file.name} is not the recorded document: its hash is ${short(found)}.`,
          "Get the file from where the record says.",
        );
      }
      return `${file.name} is the recorded document.`;
    });
  };
  return h(
    "div",
    {},
    facts([
      ["Report", record.uri],
      ["Its hash", h("code", {}, record.contentHash)],
      ["Recorded", date(record.recordedAt)],
    ]),
    h("form", { onsubmit: submit }, field("Compare a file with the record", input), button),
  );
}

function attesterTable(attesters: readonly Attester[]): HTMLElement {
  if (attesters.length === 0) return h("p", {}, "The registry knows no attester.");
  const standing = ({ revoked, retiredAt }: Attester) =>
    revoked ? "revoked: nothing that it signed counts" : retiredAt === 0 ? "in use" : `retired ${date(retiredAt)}`;
  const rows = attesters.map((entry) => [
    h("code", {}, entry.attester),
    h("code", {}, entry.issuer),
    entry.p256 ? "P-256" : "account",
    standing(entry),
  ]);
  return table("Keys that may sign credentials", ["Key", "Institution", "Kind", "Standing"], rows);
}

function changes(scheduled: readonly Scheduled[]): HTMLElement {
  if (scheduled.length === 0) return h("p", {}, "Nothing is announced.");
  const rows = scheduled.map(({ call, target, caller, readyAt }) => [
    h("code", {}, call),
    h("code", {}, short(target)),
    h("code", {}, short(caller)),
    date(readyAt),
  ]);
  return table("Announced, and not carried out yet", ["Change", "Of", "By", "Not before"], rows);
}
