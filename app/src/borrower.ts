// SPDX-License-Identifier: MIT OR Apache-2.0
// Borrowing: credential, tiers, request, proof, loan; and what is owed.

import {
  type LoanState,
  type Offer,
  parseCredential,
  parseProof,
  type Request,
  type SignedCredential,
  serializeRequest,
  TesseraError,
} from "@tessera/sdk";
import { facts, field, h, section, table } from "./dom.js";
import { date, days, percent, points, short, units } from "./format.js";
import { canProve, proveHere } from "./proving.js";
import { chosen, inTokens, mistake, type Session, tokens } from "./session.js";

const COMMAND = "tessera prove --model package --opening opening.json --request request.json --out proof.json";

export function borrowerView(session: Session): HTMLElement {
  const loans = h("div", {});
  const offers = h("div", {}, h("p", {}, "Bring your credential and an amount first."));
  const proving = h("div", {}, h("p", {}, "Choose a tier first."));
  const credentialFile = h("input", { type: "file", accept: ".json,application/json" });
  const amountInput = h("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
  const about = h("div", {});
  const ask = h("button", { type: "submit" }, "Show what I can get");
  const refresh = () => showLoans(session, loans);

  const submit = (event: Event) => {
    event.preventDefault();
    session.work.run(ask, "Asking the pool for each tier…", async () => {
      proving.replaceChildren();
      const credential = parseCredential(await chosen(credentialFile));
      about.replaceChildren(credentialFacts(session, credential));
      const amount = units(amountInput.value, session.info.decimals);
      if (amount === undefined)
        throw mistake("The amount is not a number of tokens.", "Enter 1500 or 1,500.25, for example.");
      const answers = await Promise.all(
        (await session.pool.offers()).map((offer) => tryOffer(session, credential, amount, offer)),
      );
      const pick = (request: Request) => {
        session.work.clear();
        proving.replaceChildren(proofStep(session, request, refresh));
      };
      offers.replaceChildren(offerTable(session, answers, pick));
      const open = answers.filter(({ answer }) => !(answer instanceof TesseraError)).length;
      return `${open} of ${answers.length} tiers would take your request.`;
    });
  };
  const form = h(
    "form",
    { onsubmit: submit },
    field(
      "Your credential",
      credentialFile,
      "The file credential.json that the attester gave you. It is public. Keep opening.json to yourself: it is asked for only to prove in this page, and does not leave it.",
    ),
    field(`Amount, in ${session.info.symbol}`, amountInput),
    ask,
  );
  session.work.load(refresh);
  return h(
    "div",
    {},
    h("h2", {}, "Borrow"),
    section("1. What you bring", form, about),
    section("2. Tiers", offers),
    section("3. Proof and payout", proving),
    section("Your loans", loans),
  );
}

function credentialFacts(session: Session, { credential, exposure, attester }: SignedCredential): HTMLElement {
  const mine = credential.subject.toLowerCase() === session.account.toLowerCase();
  return facts([
    ["Issued to", `${short(credential.subject)}${mine ? ", your account" : ", which is not the connected account"}`],
    ["Attester", short(attester)],
    ["Valid until", date(credential.expiresAt)],
    ["Vouches for loans up to", tokens(session, exposure.max)],
  ]);
}

interface Answer {
  readonly offer: Offer;
  readonly answer: Request | TesseraError;
}

async function tryOffer(session: Session, credential: SignedCredential, amount: bigint, offer: Offer): Promise<Answer> {
  try {
    return { offer, answer: await session.pool.request(credential, { amount, tier: offer.tier }) };
  } catch (error) {
    if (error instanceof TesseraError) return { offer, answer: error };
    throw error;
  }
}

function offerTable(session: Session, answers: readonly Answer[], pick: (request: Request) => void): HTMLElement {
  const rows = answers.map(({ offer, answer }) => {
    const choose = (request: Request) =>
      h("button", { type: "button", onclick: () => pick(request) }, `Choose tier ${offer.tier}`);
    return [
      String(offer.tier),
      `${points(offer.threshold)} points`,
      tokens(session, offer.maxAmount),
      `${percent(offer.rate)} a year`,
      `${days(offer.term)}${offer.line ? ", credit line" : ""}`,
      answer instanceof TesseraError
        ? `No. ${inTokens(session, answer)} ${answer.hint}`
        : "Yes, if your score reaches it.",
      answer instanceof TesseraError ? undefined : choose(answer),
    ];
  });
  return table("Tiers of this pool", ["Tier", "Score", "Up to", "Price", "Term", "Accepted?", "Choose"], rows);
}

function proofStep(session: Session, request: Request, done: () => Promise<void>): HTMLElement {
  const link = URL.createObjectURL(new Blob([serializeRequest(request)], { type: "application/json" }));
  const proofFile = h("input", { type: "file", accept: ".json,application/json" });
  const button = h("button", { type: "submit" }, `Borrow ${tokens(session, request.terms.amount)}`);
  const submit = (event: Event) => {
    event.preventDefault();
    session.work.run(button, "Checking the proof…", async () => {
      const proof = parseProof(await chosen(proofFile));
      const { loan } = await session.pool.borrow(request, proof);
      await done();
      if (loan.line) return `The line of ${tokens(session, loan.amount)} is open. Draw on it below.`;
      return `Borrowed ${tokens(session, loan.amount)}, due ${date(loan.dueAt)}.`;
    });
  };
  const why = canProve
    ? "Or have it made elsewhere, by whoever has your opening and the lender's model package, with the tessera command:"
    : "This page was built without the prover. Whoever has your opening and the lender's model package makes the proof with the tessera command:";
  return h(
    "div",
    {},
    canProve ? proveHere(session, request, done) : undefined,
    h("p", {}, why),
    h(
      "ol",
      {},
      h(
        "li",
        {},
        h("a", { href: link, download: "request.json" }, "Save request.json"),
        `, good until ${date(request.terms.deadline)}.`,
      ),
      h("li", {}, "Run ", h("code", {}, COMMAND)),
      h("li", {}, "Bring proof.json here."),
    ),
    h(
      "form",
      { onsubmit: submit },
      field("Your proof", proofFile, "The file proof.json. It shows that you reach the tier, and nothing else."),
      button,
    ),
  );
}

async function showLoans(session: Session, place: HTMLElement): Promise<void> {
  const found = await session.pool.loans(session.account);
  const cards = found.reverse().map((state) => loanCard(session, state, () => showLoans(session, place)));
  place.replaceChildren(...(cards.length > 0 ? cards : [h("p", {}, "You have not borrowed here.")]));
}

function loanCard(session: Session, state: LoanState, changed: () => Promise<void>): HTMLElement {
  const { loan, principal, interest, loanId } = state;
  const owed = principal + interest;
  const amountInput = h("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
  const button = h("button", { type: "submit" }, "Repay");
  const submit = (event: Event) => {
    event.preventDefault();
    session.work.run(button, "Preparing the payment…", async () => {
      const some = amountInput.value.trim() === "" ? "all" : units(amountInput.value, session.info.decimals);
      if (some === undefined) throw mistake("The amount is not a number of tokens.", "Leave it empty to repay all.");
      const { left } = await session.pool.repay(loan, some);
      await changed();
      return left === 0n ? "Repaid in full." : `Repaid. Still owed: ${tokens(session, left)}.`;
    });
  };
  const form = h(
    "form",
    { onsubmit: submit },
    field(`Amount, in ${session.info.symbol}`, amountInput, "Empty for all that is owed."),
    button,
  );
  return h(
    "article",
    { "aria-label": `Loan of ${tokens(session, loan.amount)}` },
    h("h4", {}, `${tokens(session, loan.amount)} at ${percent(loan.rate)} a year`),
    timeline(state),
    facts([
      ["Owed now", owed === 0n ? "nothing" : `${tokens(session, principal)} and ${tokens(session, interest)} interest`],
      ["Loan", short(loanId)],
    ]),
    state.drawable > 0n ? lineForms(session, state, changed) : undefined,
    owed === 0n ? undefined : form,
  );
}

/** Of a credit line that is open: drawing on it, and closing it. */
function lineForms(session: Session, { loan, drawable }: LoanState, changed: () => Promise<void>): HTMLElement {
  const amountInput = h("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
  const credentialFile = h("input", { type: "file", accept: ".json,application/json" });
  const draw = h("button", { type: "submit" }, "Draw");
  const close = h("button", { type: "button" }, "Close the line");
  const submit = (event: Event) => {
    event.preventDefault();
    session.work.run(draw, "Preparing the payout…", async () => {
      const credential = parseCredential(await chosen(credentialFile));
      const some = units(amountInput.value, session.info.decimals);
      if (some === undefined) {
        throw mistake("The amount is not a number of tokens.", "Enter 1500 or 1,500.25, for example.");
      }
      await session.pool.draw(loan, credential, some);
      await changed();
      return `Drew ${tokens(session, some)}.`;
    });
  };
  close.addEventListener("click", () => {
    session.work.run(close, "Closing the line…", async () => {
      await session.pool.closeLine(loan);
      await changed();
      return "The line is closed. What is owed stays owed.";
    });
  });
  const most = `Up to ${tokens(session, drawable)} now.`;
  return h(
    "form",
    { onsubmit: submit },
    field(`Draw, in ${session.info.symbol}`, amountInput, most),
    field("The credential that the line was opened on", credentialFile),
    draw,
    " ",
    close,
  );
}

/** The loan's life; the stage that it is in is marked, and said. */
function timeline({ loan, status }: LoanState): HTMLElement {
  const over = status === "closed" || status === "recovered";
  const stages = [
    ["current", `Borrowed ${date(loan.originatedAt)}`],
    ["grace", `Due ${date(loan.dueAt)}, then late interest`],
    ["delinquent", `Grace ends ${date(loan.graceEndsAt)}, then it is marked down`],
    ["default", "Default"],
    [over ? status : "closed", status === "recovered" ? "Repaid after default" : "Repaid"],
  ] as const;
  return h(
    "ol",
    { class: "timeline" },
    ...stages.map(([stage, text]) =>
      h(
        "li",
        stage === status ? { "aria-current": "step" } : {},
        text,
        stage === status ? h("span", { class: "now" }, " (now)") : undefined,
      ),
    ),
  );
}
