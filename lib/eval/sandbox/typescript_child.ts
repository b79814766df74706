/**
 * The process that runs one TypeScript program, compiled to JavaScript, and ends. It has no permission at all.
 * Input: 32 random bytes, then the program up to the end of the input. If the program is evaluated to its end, and
 * nothing that it started fails or ends the process, the 32 bytes are the last thing written to standard output. No
 * object that a program can reach holds them.
 */
import { createRequire } from "node:module";
import { Buffer } from "node:buffer";

const require = createRequire("file:///program.js");
const assert = require("node:assert");
const { AssertionError } = assert;
for (const part of [assert, assert.strict, AssertionError, AssertionError.prototype]) Object.freeze(part);

const secret = new Uint8Array(32);
const chunks: Uint8Array[] = [];
let known = 0;
while (known < secret.length) known += Deno.stdin.readSync(secret.subarray(known)) ?? Deno.exit(0);
for (;;) {
  const chunk = new Uint8Array(65_536);
  const length = Deno.stdin.readSync(chunk);
  if (length === null) break;
  chunks.push(chunk.subarray(0, length));
}
const code = new TextDecoder().decode(Buffer.concat(chunks));
const write = Deno.stdout.writeSync.bind(Deno.stdout);
let evaluated = false;
// Not fired by Deno.exit: only when nothing is left to do.
addEventListener("beforeunload", () => evaluated && write(secret));

// The names that Node.js gives a file without imports. It is evaluated as a script, in sloppy mode as there, but not as
// the body of a function: a `return` would end that before the test.
const module = { exports: {} };
Object.defineProperties(globalThis, {
  require: { value: require },
  module: { value: module },
  exports: { value: module.exports },
});
(0, eval)(code);
evaluated = true;
