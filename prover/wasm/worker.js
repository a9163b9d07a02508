// SPDX-License-Identifier: MIT OR Apache-2.0
// What a worker of the browser's prover does: one task at a time, over messages. `pack.mjs` puts wasm-bindgen's
// script before it. The page ends the worker after one proof; this ends what is left of the secrets before that.
//
//   in   { id, op, ...arguments }     bytes are transferred, so the page has them no more
//   out  { id, value }                bytes are transferred
//        { id, error: { code, sentence } }
//        { event, stage, at }         at: milliseconds since the worker began

(() => {
  const glue = wasm_bindgen;
  const bytes = (buffer) => new Uint8Array(buffer);
  const post = (message, transfer = []) => postMessage(message, transfer);

  const ops = {
    start({ module }) {
      glue.initSync({ module });
      glue.listen((event, stage) => post({ event, stage, at: performance.now() }));
    },
    plan: (of) => glue.plan(bytes(of.package)),
    direct: (of) => glue.proveDirect(bytes(of.package), bytes(of.opening), bytes(of.srs), of.statement).buffer,
    memory: () => glue.memoryBytes(),
  };

  /** Every buffer in a message: what is transferred, and what is wiped. */
  const buffers = (value) => [value].flat().filter((one) => one instanceof ArrayBuffer);

  self.onmessage = ({ data: { id, op, ...given } }) => {
    try {
      const value = ops[op](given);
      post({ id, value }, buffers(value));
    } catch (error) {
      // A code and a sentence, on two lines; anything else is a fault, such as memory that ran out.
      const [code, sentence] = String(error?.message ?? error).split("\n", 2);
      const known = sentence !== undefined;
      post({ id, error: known ? { code, sentence } : { code: "ProverFailed", sentence: `The prover stopped: ${code}` } });
    } finally {
      for (const name in given) for (const buffer of buffers(given[name])) bytes(buffer).fill(0);
    }
  };
})();
