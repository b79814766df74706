#!/bin/sh
# @huggingface/hub 2.17.5 (npm): a slice of a file that downloadFile has opened is asked for with a Range header, and the
# answer's status is not looked at. A server may ignore Range and answer 200 with the whole file (RFC 9110, 14.2); the
# slice then holds the whole file: other bytes, more than its own size says, and no error. Seen: 4,096 bytes from 0 on
# where 8 from 100 on were asked for. The server here is part of the script and listens on this machine alone.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @huggingface/hub@2.17.5
cat >run.mjs <<'SCRIPT'
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { downloadFile } from "@huggingface/hub";

const FILE = Uint8Array.from({ length: 4096 }, (_, i) => i % 251), [START, END] = [100, 108];
let honoursRange = true;
const server = createServer(({ headers }, response) => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  response.setHeader("ETag", '"one"');
  if (!honoursRange || from === undefined) return response.writeHead(200, { "Content-Length": FILE.length }).end(FILE);
  response.writeHead(206, { "Content-Range": `bytes ${from}-${to}/${FILE.length}` });
  response.end(FILE.subarray(Number(from), Number(to) + 1));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { version } = JSON.parse(readFileSync("node_modules/@huggingface/hub/package.json", "utf8"));
console.log("@huggingface/hub", version);
const hubUrl = `http://127.0.0.1:${server.address().port}`;
const blob = await downloadFile({ repo: "owner/model", path: "model.bin", hubUrl });
const slice = blob.slice(START, END);
const equal = (a, b) => Buffer.compare(a, b) === 0;
const read = async (what) => {
  const bytes = new Uint8Array(await slice.arrayBuffer());
  const got = `${bytes.length} bytes that start with [${bytes.subarray(0, 4)}]`;
  console.log(`${what}: asked for ${slice.size} bytes from ${START} on, got ${got}`);
  return bytes;
};
const right = await read("the server honours Range");
honoursRange = false;
const wrong = await read("the server ignores Range");
server.close();
if (!equal(right, FILE.subarray(START, END)) || !equal(wrong, FILE)) {
  console.error("this has changed");
  process.exit(1);
}
console.log("as described");
SCRIPT
node run.mjs
