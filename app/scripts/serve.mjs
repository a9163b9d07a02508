// SPDX-License-Identifier: MIT OR Apache-2.0

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".bin": "application/octet-stream",
};

/** Serves the built page on this machine alone, as any static host would; `heard` is told of each request. */
export async function serve(port = 0, heard = () => {}) {
  if (!existsSync(join(DIST, "index.html"))) throw new Error("the page is not built: run `make app`");
  const server = createServer((request, response) => {
    heard(request);
    const { pathname } = new URL(request.url, "http://localhost");
    const path = join(DIST, pathname === "/" ? "index.html" : pathname);
    const type = TYPES[extname(path)];
    if (!path.startsWith(DIST + sep) || !type || !existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": type }).end(readFileSync(path));
  });
  await new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}
