/**
 * A comparison that the test kills: `deno run -A kill_child.ts <results.sqlite> <rounds> <ms a run>`. It says "measuring"
 * when its first host runs, and gives its rounds as JSON in its last line.
 */
import { compareArchitectures } from "../../lib/compare/compare_architectures.ts";
import { ResultStore } from "../../lib/store/results.ts";
import { fakeHosts, tinySpec } from "../measure/fake_host.ts";

const [path, rounds, runMs] = Deno.args;
const { start } = fakeHosts({
  stepMs: ({ name }) => name === "quick" ? 1 : 2,
  async before() {
    console.log("measuring");
    if (runMs !== "0") await new Promise((done) => setTimeout(done, Number(runMs)));
  },
});
const { raw } = await compareArchitectures({ base: tinySpec("base"), quick: tinySpec("quick") }, {
  throughput: [{ batch: 1, seqLen: 64 }, { promptTokens: 5, newTokens: 32 }],
  rounds: Number(rounds),
  memoryHosts: 0,
  store: new ResultStore(path),
  start,
});
console.log(
  JSON.stringify({ rounds: raw.rounds, resumed: raw.resumed, startedAnew: raw.startedAnew, trust: raw.trust }),
);
