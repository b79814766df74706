import assert from "node:assert/strict";
import {
  checkStop,
  jupyterSink,
  lineSink,
  progress,
  progressHtml,
  type ProgressSink,
  type ProgressState,
  progressText,
  requestStop,
  StopError,
  terminalSink,
} from "../lib/progress.ts";

function fake(sink: Partial<ProgressSink> = {}) {
  const states: ProgressState[] = [];
  const clock = { ms: 0 };
  const options = {
    now: () => clock.ms,
    sink: { everyMs: 100, afterMs: 1000, ticks: false, draw: (s: ProgressState) => void states.push(s), ...sink },
  };
  return { states, clock, options };
}

const state: ProgressState = { label: "rounds", done: 6, total: 24, elapsedMs: 10_000, ended: false, nested: false };

Deno.test("progress() shows nothing for work under a second", () => {
  const { states, clock, options } = fake();
  const bar = progress("rounds", 2, options);
  clock.ms = 500;
  bar.update(1);
  clock.ms = 999;
  bar.finish();
  assert.deepEqual(states, []);
});

Deno.test("progress() tells the time left by what was done since, not by what was there", () => {
  const { states, clock, options } = fake();
  const bar = progress("rounds", 24, options);
  bar.update(18); // of an earlier run
  clock.ms = 10_000;
  bar.update(18, "starting");
  assert.equal(progressText(states.at(-1)!), "rounds 18/24, starting, 0:10"); // nothing tells yet
  clock.ms = 20_000;
  bar.update(20);
  bar.finish();
  assert.equal(progressText(states.at(-2)!), "rounds 20/24, 0:20, 0:40 left");
});

Deno.test("progress() draws at most ten times a second, and always its end", () => {
  const { states, clock, options } = fake();
  const bar = progress("rounds", 1000, options);
  for (let i = 1; i <= 1000; i++) {
    clock.ms = 1000 + i;
    bar.update(i);
  }
  bar.finish();
  bar.update(3);
  bar.finish();
  assert.equal(states.length, 11); // 10 in a second, and the end
  assert.deepEqual(states.at(-1), {
    label: "rounds",
    done: 1000,
    total: 1000,
    note: undefined,
    unit: undefined,
    elapsedMs: 2000,
    ended: true,
    nested: false,
  });
});

Deno.test("progressText() tells count, note, elapsed and remaining time", () => {
  assert.equal(progressText({ ...state, note: "int4" }), "rounds 6/24, int4, 0:10, 0:30 left");
  assert.equal(progressText({ ...state, total: 0 }), "rounds 6, 0:10");
  assert.equal(progressText({ ...state, done: 24, ended: true }), "rounds 24/24, done after 0:10");
  assert.equal(progressText({ ...state, ended: true }), "rounds 6/24, stopped after 0:10");
  assert.equal(progressText({ ...state, elapsedMs: 3_725_000, total: 0 }), "rounds 6, 1:02:05");
  assert.equal(
    progressText({ ...state, unit: "bytes", done: 52_428_800, total: 119_537_664 }),
    "rounds 52.4/119.5 MB, 0:10, 0:13 left",
  );
});

Deno.test("progressHtml() escapes label and note", () => {
  const html = progressHtml({ ...state, label: "<img src=x onerror=alert(1)>", note: 'a"&b' });
  assert.ok(!html.includes("<img"));
  assert.ok(html.includes("&#60;img") && html.includes("a&#34;&#38;b"));
});

Deno.test("jupyterSink() makes one display and updates it, and survives a broken channel", async () => {
  const sent: [string, Record<string, unknown>][] = [];
  const sink = jupyterSink((type, content) => {
    sent.push([type, content]);
    return sent.length === 2 ? Promise.reject(new Error("closed")) : Promise.resolve();
  });
  for (let i = 0; i < 3; i++) sink.draw({ ...state, done: i });
  await new Promise((r) => setTimeout(r, 0));
  assert.deepEqual(sent.map(([type]) => type), ["display_data", "update_display_data", "update_display_data"]);
  const ids = sent.map(([, c]) => (c.transient as { display_id: string }).display_id);
  assert.equal(new Set(ids).size, 1);
  assert.deepEqual(Object.keys(sent[0][1].data as object), ["text/plain", "text/html"]);
});

Deno.test("terminalSink() redraws one line and ends with a newline", () => {
  let out = "";
  const sink = terminalSink((text) => out += text);
  sink.draw(state);
  sink.draw({ ...state, done: 24, ended: true });
  assert.equal(out.split("\n").length, 2);
  assert.ok(out.includes("[######------------------] rounds 6/24"));
  assert.ok(out.endsWith("rounds 24/24, done after 0:10\n"));
});

Deno.test("a bar inside another one leaves no line, and is the one drawn where there is one place", () => {
  const { states, clock, options } = fake({ shared: true });
  const outer = progress("tasks", 2, options);
  const inner = progress("rows", 10, options);
  clock.ms = 2000;
  outer.update(1);
  inner.update(5);
  inner.finish();
  clock.ms = 3000;
  outer.update(2);
  outer.finish();
  assert.deepEqual(states.map(progressText), [
    "rows 5/10, 0:02, 0:02 left",
    "",
    "tasks 2/2, 0:03",
    "tasks 2/2, done after 0:03",
  ]);
});

Deno.test("lineSink() writes a line only every ten seconds", () => {
  let out = "";
  const { clock, options } = fake();
  const bar = progress("rows", 60, { ...options, sink: lineSink((text) => out += text) });
  for (let i = 1; i <= 30; i++) {
    clock.ms = i * 1000;
    bar.update(i);
  }
  bar.finish();
  assert.deepEqual(out.trim().split("\n").map((l) => l.split(",")[0]), [
    "rows 5/60",
    "rows 15/60",
    "rows 25/60",
    "rows 30/60",
  ]);
});

Deno.test("checkStop() throws StopError once after requestStop()", () => {
  checkStop();
  requestStop();
  assert.throws(checkStop, StopError);
  checkStop();
});
