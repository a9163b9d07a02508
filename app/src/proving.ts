// SPDX-License-Identifier: MIT OR Apache-2.0
// A proof made in this page: what the borrower brings for it, how far it is, and what it took.

import { browserProver, type ProofCost, type ProverManifest, type Request } from "@tessera/sdk";
import { field, h } from "./dom.js";
import { date } from "./format.js";
import { mistake, type Session, tokens } from "./session.js";

/** The prover's files as this page was built with them; `null` if it was built without. */
declare const __PROVER__: ProverManifest | null;

/** The stages of a proof, in words and in their order. */
const STAGES: Readonly<Record<string, string>> = {
  srs: "Reading the reference string…",
  key: "Making the key of the model…",
  evaluate: "Computing your score…",
  prove: "Proving…",
  verify: "Checking the finished proof…",
};
const LARGEST = 64 << 20;

export const canProve = __PROVER__ !== null;

export function proveHere(session: Session, request: Request, done: () => Promise<void>): HTMLElement {
  const model = h("input", { type: "file", accept: ".json,application/json" });
  const opening = h("input", { type: "file", accept: ".json,application/json" });
  const button = h("button", { type: "submit" }, "Prove in this page");
  const bar = h("progress", { max: "5", "aria-label": "Proof", hidden: true });
  const submit = (event: Event) => {
    event.preventDefault();
    session.work.run(button, "Loading the prover…", async () => {
      const stages = new Set<string>();
      let cost: ProofCost | undefined;
      const prover = browserProver({
        at: "prover/",
        manifest: __PROVER__ ?? { files: {} },
        model: brought(model, "the lender's package.json"),
        opening: brought(opening, "your opening.json"),
        onStart: (stage) => {
          session.work.say(STAGES[stage] ?? "Proving…");
          bar.value = stages.add(stage).size - 1;
        },
        onCost: (took) => {
          cost = took;
        },
      });
      bar.hidden = false;
      try {
        const { loan } = await session.pool.borrow(request, prover);
        await done();
        const seconds = `The proof took ${((cost?.total ?? 0) / 1000).toFixed(1)} s in this page.`;
        if (loan.line) return `The line of ${tokens(session, loan.amount)} is open. Draw on it below. ${seconds}`;
        return `Borrowed ${tokens(session, loan.amount)}, due ${date(loan.dueAt)}. ${seconds}`;
      } finally {
        bar.hidden = true;
      }
    });
  };
  return h(
    "form",
    { onsubmit: submit, "aria-label": "Prove in this page" },
    field(
      "The lender's model package",
      model,
      "The file package.json that the lender gave you. Whoever has it knows the model, so do not pass it on.",
    ),
    field(
      "Your opening",
      opening,
      "The file opening.json that the attester gave you. It is secret: it is read in this page, wiped after the proof, and sent to nobody.",
    ),
    button,
    bar,
  );
}

/** The file itself: it is read when the proof begins, and wiped after it. */
function brought(input: HTMLInputElement, name: string): File {
  const file = input.files?.[0];
  if (!file) throw mistake(`No file was chosen for ${name}.`, "Choose one first.");
  if (file.size > LARGEST) throw mistake(`${file.name} is larger than any such file is.`, "Choose another file.");
  return file;
}
