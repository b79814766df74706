// Stand-ins for programs that misbehave: the real ones do so on damaged files only.
import assert from "node:assert/strict";
import { runLimited } from "../../lib/store/limited_child.ts";
import { withParent } from "../../lib/store/with_parent.ts";

const LIMITS = { seconds: 20, memoryMib: 1500 };
const shell = (script: string) => ["/bin/sh", "-c", script];

async function run(command: string[], limits = LIMITS) {
  const { stdout, ...rest } = await runLimited(command, new TextEncoder().encode("input"), limits);
  return { text: new TextDecoder().decode(stdout), ...rest };
}

/** Deno without any permission. */
async function script(code: string, limits = LIMITS) {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    return await run([Deno.execPath(), "run", "--no-prompt", "--quiet", file], limits);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test({
  name: "a command gets its input, and what it writes and how it ends come back",
  ignore: Deno.build.os === "windows",
  async fn() {
    const good = await run(shell("tr a-z A-Z"));
    assert.deepEqual([good.text, good.late, good.status.success, good.words], ["INPUT", false, true, ""]);
    const bad = await run(shell("echo 'no such column' >&2; exit 3")); // reads nothing
    assert.deepEqual([bad.status.code, bad.words], [3, "no such column"]);
    assert.equal((await run(shell("kill -ABRT $$"))).status.signal, "SIGABRT");
  },
});

Deno.test({
  name: "one that does not end is given up, whether it is busy or waits",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const endless of ["while :; do :; done", "exec sleep 60"]) {
      assert.equal((await run(shell(endless), { ...LIMITS, seconds: 0.05 })).late, true, endless);
    }
  },
});

Deno.test({
  name: "one that needs more memory than it may have does not get it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const code = "const held = []; for (;;) held.push(new Uint8Array(1e7).fill(1));";
    const { late, status, words } = await script(code);
    assert.equal(late || status.success, false);
    assert.match(words, /allocation failed/i);
  },
});

Deno.test({
  name: "it ends when its parent does, though it is busy and looks at nothing",
  ignore: Deno.build.os !== "linux" || !await hasSetpriv(),
  async fn() {
    const module = new URL("../../lib/store/limited_child.ts", import.meta.url).href;
    const code = `import { spawnLimited } from "${module}";
      console.log(spawnLimited(["/bin/sh", "-c", "while :; do :; done"], ${JSON.stringify(LIMITS)}).pid);
      setTimeout(() => {}, 60_000);`;
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    let pid = 0;
    try {
      await Deno.writeTextFile(file, code);
      const parent = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", "--no-check", file],
        stdin: "null",
        stdout: "piped",
      }).spawn();
      const reader = parent.stdout.getReader(), { value } = await reader.read();
      pid = Number(new TextDecoder().decode(value));
      parent.kill("SIGKILL");
      await parent.status;
      await reader.cancel();
      for (let i = 0; i < 600 && isThere(pid); i++) await new Promise((done) => setTimeout(done, 50));
      assert.equal(isThere(pid), false);
    } finally {
      if (pid && isThere(pid)) Deno.kill(pid, "SIGKILL");
      await Deno.remove(file);
    }
  },
});

Deno.test({
  name: "nothing is run for a parent that went before the kernel was asked",
  ignore: Deno.build.os !== "linux" || !await hasSetpriv(),
  async fn() {
    const another = (word: string) => word === String(Deno.pid) ? "1" : word;
    const [program, ...args] = withParent(["/bin/echo", "run"]);
    const text = async (args: string[]) =>
      new TextDecoder().decode((await new Deno.Command(program, { args }).output()).stdout);
    assert.equal(await text(args), "run\n");
    assert.equal(await text(args.map(another)), "");
  },
});

async function hasSetpriv(): Promise<boolean> {
  const { success } = await new Deno.Command("/bin/sh", { args: ["-c", "setpriv --pdeathsig KILL -- true"] }).output();
  return success;
}

/** A process that runs; one that has ended and that nobody has asked for yet is gone. */
function isThere(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}
