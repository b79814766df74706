import assert from "node:assert/strict";
import { join } from "node:path";
import { requireDeno } from "../../lib/store/setup.ts";
import { projectRoot } from "../../lib/store/paths.ts";

Deno.test("requireDeno() takes 2.8.1 and says why it refuses another", () => {
  requireDeno("2.8.1");
  for (const version of ["2.8.2", "2.9.6", "2.8.0", "3.0.0"]) {
    assert.throws(
      () => requireDeno(version),
      (error: Error) =>
        error.message.includes(`got ${version}`) && error.message.includes("loses cell output") &&
        error.message.includes("npx deno@2.8.1"),
    );
  }
});

Deno.test("the committed locks name no host", async () => {
  for (const name of ["deno.lock", "requirements.in", "requirements.txt", "data/catalog.json", "deno.json"]) {
    const text = await Deno.readTextFile(join(projectRoot(), name));
    assert.equal(/https?:\/\/|--index-url|file:/.exec(text), null, name);
  }
});

Deno.test("every requirement is pinned and hashed", async () => {
  const text = (await Deno.readTextFile(join(projectRoot(), "requirements.txt"))).replaceAll("\\\n", "");
  const requirements = text.split("\n").filter((line) => /^\w/.test(line));
  assert.ok(requirements.length > 80, `${requirements.length}`);
  for (const line of requirements) assert.match(line, /^[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/);
});
