// Stand-ins for readers that misbehave: the real ones do so on damaged files only.
import assert from "node:assert/strict";
import { inBoundedChild } from "../../lib/store/bounded_child.ts";

const LIMITS = { ms: 20_000, bytes: 1e9 };

async function standIn(code: string, limits = LIMITS): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const script = new URL(`file://${file}`), input = new TextEncoder().encode("input");
    return new TextDecoder().decode(await inBoundedChild(script, ["an argument"], input, "decoded", limits));
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("a reader gets the bytes and arguments, and what it writes comes back", async () => {
  const code = `const text = await new Response(Deno.stdin.readable).text();
    Deno.stdout.writeSync(new TextEncoder().encode(text.toUpperCase() + " " + Deno.args[0]));`;
  assert.equal(await standIn(code), "INPUT an argument");
});

Deno.test("a reader that does not end is given up", async () => {
  await assert.rejects(standIn("for (;;);", { ...LIMITS, ms: 300 }), {
    name: "SyntaxError",
    message: "it is not decoded after 300 ms and seems damaged",
  });
});

Deno.test("a reader that needs more memory than it may have is given up", async () => {
  const code = `const held = []; for (;;) held.push(new Uint8Array(1e7).fill(1));`;
  await assert.rejects(
    standIn(code, { ...LIMITS, bytes: 3e8 }),
    /SyntaxError: it needs more than 0\.3 GB to be decoded/,
  );
});

Deno.test("a reader that says what is wrong, or dies without a word, is an error", async () => {
  await assert.rejects(standIn(`console.error("no such column"); Deno.exit(1)`), /SyntaxError: no such column/);
  await assert.rejects(standIn("Deno.exit(3)"), /SyntaxError: its reader failed/);
});

Deno.test("a reader may neither read files nor see the environment", async () => {
  await assert.rejects(standIn(`Deno.readTextFileSync("deno.json")`), /Requires read access/);
  await assert.rejects(standIn(`Deno.env.get("HOME")`), /Requires env access/);
});
