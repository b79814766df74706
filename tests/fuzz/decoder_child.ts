/** Decodes one file after the other: its length as a line, its bytes; answers each with a line of JSON. No permissions. */
import { decodeTable } from "../../lib/store/decode_table.ts";

const [format] = Deno.args;

/** Reads exactly so many bytes; null at the end. */
function read(length: number): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const n = Deno.stdin.readSync(bytes.subarray(at));
    if (n === null) return null;
    at += n;
  }
  return bytes;
}

const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));

say("");
for (let head = read(8); head !== null; head = read(8)) {
  const file = read(Number(new TextDecoder().decode(head)))!.buffer;
  let rows = 0, error: string | null = null;
  try {
    for await (const line of decodeTable(format, file)) if (line) rows++;
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  say(JSON.stringify({ rows, error: error?.slice(0, 500) ?? null }));
}
