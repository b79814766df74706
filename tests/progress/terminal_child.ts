/** Long work with a bar inside another one. Arguments: "keeps", "catches", "child", "program" in any order. */
import { APART, checkStop, endOnInterrupt, noteKept, progress, StopError } from "../../lib/progress.ts";

const asked = new Set(Deno.args);
if (asked.has("keeps")) noteKept(`${Deno.cwd()}/results/kept.sqlite`);
if (asked.has("child")) {
  const child = new Deno.Command("sleep", { args: ["60"], stdin: "null", stdout: "null", stderr: "null", ...APART })
    .spawn();
  child.unref();
  console.log(`child ${child.pid}`);
}

if (asked.has("program")) {
  endOnInterrupt(() => "Stopped. Cleaned up.", async () => {
    await new Promise((done) => setTimeout(done, 200));
    console.log("cleaned");
  });
}

async function work(): Promise<void> {
  const outer = progress("Tasks", 3);
  try {
    console.log("working");
    outer.update(1);
    const inner = progress("hellaswag, a model with a rather long name, 漢字モデル, fp32", 1000);
    try {
      for (let i = 0; i < 1000; i++) {
        inner.update(i, `row ${i}`);
        await new Promise((done) => setTimeout(done, 50));
        checkStop();
      }
    } finally {
      inner.finish();
    }
  } finally {
    outer.finish();
  }
}

try {
  await work();
} catch (error) {
  if (!asked.has("catches") || !(error instanceof StopError)) throw error;
  console.log("caught");
}
