// Puts the repository's licences into the archive.

import { copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const sdk = join(dirname(fileURLToPath(import.meta.url)), "..");
for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(sdk, "..", name), join(sdk, name));
