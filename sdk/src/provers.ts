// SPDX-License-Identifier: MIT OR Apache-2.0

import { browserProver } from "./browser.js";
import { fileProver } from "./prover.js";

/** Who may make a proof, by name. */
export const provers = { browser: browserProver, file: fileProver } as const;
