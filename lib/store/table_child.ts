/**
 * A process that decodes one table: the file at stdin, an empty line and its rows as JSON Lines at stdout. It has no permissions, and what
 * it says on stderr is the reason of a failure.
 */
import { decodeTable } from "./decode_table.ts";

/** Lines that are written at once. */
const WRITTEN_AT_ONCE = 1000;

function write(lines: string[]): void {
  const bytes = new TextEncoder().encode(lines.map((line) => line + "\n").join(""));
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

write([""]); // it is there: its time counts from here
try {
  const file = await new Response(Deno.stdin.readable).arrayBuffer();
  let lines: string[] = [];
  for await (const line of decodeTable(Deno.args[0], file)) {
    lines.push(line);
    if (lines.length < WRITTEN_AT_ONCE) continue;
    write(lines);
    lines = [];
  }
  write(lines);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
