import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../lib/store/paths.ts";
import { findPython } from "../../lib/store/python.ts";
import { installNpm, requireDeno } from "../../lib/store/setup.ts";
import { temporaryFolder } from "./helpers.ts";

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

Deno.test("findPython() refuses a Python before 3.10 and names what it found", async () => {
  await using folder = await temporaryFolder();
  const old = join(folder.path, "python");
  await Deno.writeTextFile(old, "#!/bin/sh\necho 3 9\n", { mode: 0o755 });
  assert.equal(await findPython([old, "python3"]), "python3");
  await assert.rejects(findPython([old]), (error: Error) => error.message.includes(`${old} is 3.9`));
  await assert.rejects(findPython(["no-such-python"]), /needs Python 3\.10 or newer.*no python3 was found/);
});

Deno.test("installNpm() does nothing where the lock of node_modules is this one", async () => {
  const stamp = join(projectRoot(), "node_modules", ".archbench-lock");
  const before = Deno.statSync(stamp).mtime;
  await installNpm();
  assert.deepEqual(Deno.statSync(stamp).mtime, before);
});

Deno.test("a second setup needs neither network nor pip, and says nothing", async () => {
  const script = join(projectRoot(), "lib", "store", "setup.ts");
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--quiet", "--cached-only", script],
    stdin: "null",
  }).output(); // may run no program and open no connection
  const text = new TextDecoder();
  assert.deepEqual([success, text.decode(stdout) + text.decode(stderr)], [true, ""]);
});
