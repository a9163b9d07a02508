// SPDX-License-Identifier: MIT OR Apache-2.0
// The page on a chain of this machine, with a pool, money in it, and a credential for the visitor's account.
//
//   node scripts/local.mjs 0x<account>      (`make app-local ACCOUNT=0x…`)
//
// Wants the built page, the compiled contracts and the `tessera` command. Everything is gone when it ends.

import { startWorld, TESSERA } from "../../sdk/test/world.mjs";
import { serve } from "./serve.mjs";

const [account = "", chainPort = "8545", pagePort = "4173"] = process.argv.slice(2);
if (!/^0x[0-9a-fA-F]{40}$/.test(account)) {
  process.stderr.write("error: name the account of your wallet: make app-local ACCOUNT=0x…\n");
  process.exit(2);
}

try {
  const world = await startWorld({ borrower: account, port: Number(chainPort), deploy: ["--notice", "1"] });
  const { server, url } = await serve(Number(pagePort)).catch((error) => {
    world.stop();
    throw error;
  });
  const { folder } = world;
  const files = `--opening ${folder}/ada/opening.json --request ~/Downloads/request.json --out ${folder}/proof.json`;
  process.stdout.write(`
page         ${url}/?pool=${world.at("pool")}
network      ${world.rpc}, chain id 31337: add it to your wallet, which has 10 ether and 1,000 DUSD there
credential   ${folder}/ada/credential.json: bring it, and ask for 1500, tier 0
proof        save request.json on the page, then run

  ${TESSERA} prove --model ${folder}/package ${files}

             and bring ${folder}/proof.json

Press Ctrl-C to end it.
`);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      server.close();
      world.stop();
      process.exit(0);
    });
  }
} catch (error) {
  process.stderr.write(`error: ${error.message}\nhint: are the ports ${chainPort} and ${pagePort} free?\n`);
  process.exit(2);
}
