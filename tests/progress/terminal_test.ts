/** Bars and Ctrl-C in a real pseudo-terminal, which Python's standard library has. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { jupyterPython } from "../../lib/report/jupyter.ts";
import { textWidth } from "../../lib/progress/width.ts";

type Step = [waitFor: string, what: "columns" | "type", value: number | string];
type Told = { columns: number; text: string } | { exit: number };

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const CTRL_C = "\x03";
/** What clears a terminal's line. */
const CLEAR = "\r\x1b[2K";

async function inTerminal(columns: number, steps: Step[], args: string[]) {
  const program = [Deno.execPath(), "run", "-A", "--quiet", file("terminal_child.ts"), ...args];
  const { stdout } = await new Deno.Command(jupyterPython(), {
    args: ["-B", file("terminal.py"), String(columns), JSON.stringify(steps), ...program],
    env: { NO_COLOR: "1", TERM: "xterm" },
    stderr: "inherit",
  }).output();
  const told: Told[] = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  const writes = told.filter((t): t is { columns: number; text: string } => "text" in t);
  const { exit } = told.at(-1) as { exit: number };
  return { writes, text: writes.map((w) => w.text).join(""), exit };
}

/** What is drawn on one line, without the clearing before it. */
function drawn(text: string): string[] {
  return text.replaceAll(CLEAR, "\r\n").split("\r\n").filter(Boolean);
}

Deno.test({
  name: "a bar never exceeds its terminal, also while that is resized, and says what it is part of",
  ignore: Deno.build.os === "windows",
  async fn() {
    const { writes, exit, text } = await inTerminal(120, [
      ["row \\d", "columns", 50],
      ["…", "columns", 12],
      ["2K\\d+/1000", "columns", 77],
      ["Tasks 1/3 > ", "type", CTRL_C],
    ], []);
    const bars = writes.filter((w) => w.text.startsWith(CLEAR));
    for (const { columns, text } of bars) {
      for (const line of drawn(text)) {
        if (line.startsWith("Stopped.")) continue; // the last words
        assert.ok(textWidth(line) < columns, `${textWidth(line)} of ${columns}: ${line}`);
      }
    }
    assert.ok(new Set(bars.map((b) => b.columns)).size >= 3, "drawn at several widths");
    assert.match(
      text,
      /Tasks 1\/3 > hellaswag, a model with a rather long name, 漢字モデル, fp32 \d+\/1000, row \d+, /,
    );
    assert.match(text, /Tasks 1\/3 > hellaswag, a model [^>]*… \d+\/1000, 0:\d+ left/);
    assert.equal(exit, 130);
  },
});

Deno.test({
  name: "Ctrl-C ends with one line that says what was kept and how to go on, and no stack",
  ignore: Deno.build.os === "windows",
  async fn() {
    const stop: Step[] = [["hellaswag", "type", CTRL_C]];
    const kept = await inTerminal(80, stop, ["keeps"]);
    assert.equal(kept.exit, 130);
    assert.deepEqual(drawn(kept.text).slice(-2), [
      drawn(kept.text).at(-2),
      "Stopped. Kept: results/kept.sqlite. Run the same command to go on.",
    ]);
    assert.match(drawn(kept.text).at(-2)!, /^Tasks 1\/3, stopped after \d+:\d\d$/);
    assert.doesNotMatch(kept.text, / at |Error|terminal_child/);
    const nothing = await inTerminal(80, stop, []);
    assert.equal(drawn(nothing.text).at(-1), "Stopped. Nothing was kept; the same command starts anew.");
  },
});

Deno.test({
  name: "a program of its own cleans up before it ends, once, though the signal comes twice",
  ignore: Deno.build.os === "windows",
  async fn() {
    const { text, exit } = await inTerminal(80, [["hellaswag", "type", CTRL_C], ["\\^C", "type", CTRL_C]], ["program"]);
    assert.equal(text.split("cleaned").length, 2, text);
    assert.deepEqual([drawn(text).at(-1), exit], ["Stopped. Cleaned up.", 130]);
  },
});

Deno.test({
  name: "without a terminal it is a plain line",
  ignore: Deno.build.os === "windows",
  async fn() {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", file("terminal_child.ts"), "keeps"],
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const errors = new Response(child.stderr).text();
    const reader = child.stdout.getReader();
    await reader.read(); // "working"
    child.kill("SIGINT");
    assert.equal((await child.status).code, 130);
    await reader.cancel();
    assert.equal(await errors, "Stopped. Kept: results/kept.sqlite. Run the same command to go on.\n");
  },
});

Deno.test({
  name: "a script that handles the stop goes on",
  ignore: Deno.build.os === "windows",
  async fn() {
    const { text, exit } = await inTerminal(80, [["hellaswag", "type", CTRL_C]], ["catches"]);
    assert.deepEqual([drawn(text).at(-1), exit], ["caught", 0]);
  },
});

Deno.test({
  name: "a child that answers to its parent alone is not ended by the terminal",
  ignore: Deno.build.os === "windows",
  async fn() {
    const { text } = await inTerminal(80, [["hellaswag", "type", CTRL_C]], ["child", "catches"]);
    const pid = Number(text.match(/child (\d+)/)![1]);
    Deno.kill(pid, "SIGKILL"); // throws if it were gone
  },
});
