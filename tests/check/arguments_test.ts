import assert from "node:assert/strict";
import * as archbench from "../../lib/mod.ts";

type Api = typeof archbench;
type Name = keyof Api;

const EMPTY = {};
const WRONG = [null, EMPTY, "x", 5];

/** They start work, or wait for it, before they could look at an argument. */
const START_WORK: Name[] = [
  "brokenBenchmark",
  "captureEnvironment",
  "correctBenchmark",
  "measurePeaks",
  "openSandbox",
  "progress",
  "pythonTexts",
  "simulationTable",
  "startHost",
];
/** What they take besides the first argument, where a call without it says only that it is missing. */
const OTHERS: Partial<Record<Name, unknown[]>> = {
  fitScaling: [1],
  fittedAt: [10],
  passAtK: [1, 1],
  passAtKEstimate: [1],
  percentileInterval: [0.5],
  quantile: [0.5],
  rooflinePlot: [[]],
  wantsMoreSamples: [1],
  withDrift: [0.1],
};
/** Values that are right, by the reason. */
const RIGHT: { names: Name[]; values: unknown[]; why: string }[] = [
  {
    names: ["checkStop", "hardwareNames", "liveLossPlot", "taskNames", "zooNames"],
    values: WRONG,
    why: "it takes none",
  },
  { names: ["partialOf"], values: WRONG, why: "whatever was thrown" },
  {
    names: ["divergenceTable", "evalPlot", "evalTable"],
    values: [EMPTY],
    why: "results by name, of which there are none",
  },
  { names: ["wantsMoreSamples"], values: [5], why: "a number of samples" },
];

/** What JavaScript says itself, where nothing was checked. */
const RAW = /Cannot (read prop|convert|destructure|use 'in')|is not (a function|iterable|an object)/;

const isClass = (value: unknown) => /^class\b/.test(Function.prototype.toString.call(value));

/** What a call throws or rejects with; null if it goes through. */
async function errorOf(call: (...args: unknown[]) => unknown, args: unknown[]): Promise<Error | null> {
  try {
    await call(...args);
    return null;
  } catch (error) {
    return error as Error;
  }
}

Deno.test({
  name: "every exported function refuses a first argument of a wrong kind, in words of its own",
  permissions: { read: true, env: true, sys: true, ffi: true, run: false, write: false, net: false },
  fn: async () => {
    const functions = (Object.entries(archbench) as [Name, (...args: unknown[]) => unknown][])
      .filter(([name, value]) => typeof value === "function" && !isClass(value) && !START_WORK.includes(name));
    const wrong: string[] = [];
    let refused = 0, accepted = 0;
    for (const [name, call] of functions) {
      for (const value of WRONG) {
        const what = `${name}(${JSON.stringify(value)})`;
        const error = await errorOf(call, [value, ...OTHERS[name] ?? []]);
        const isRight = RIGHT.some(({ names, values }) => names.includes(name) && values.includes(value));
        if (isRight) {
          accepted++;
          if (error) wrong.push(`${what} is right, but: ${error.message}`);
        } else {
          refused++;
          if (!error || RAW.test(error.message)) wrong.push(`${what}: ${error?.message ?? "went through"}`);
        }
      }
    }
    console.log(`${functions.length} functions: ${refused} calls refused in words, ${accepted} right ones accepted`);
    assert.deepEqual(wrong, []);
    assert.ok(functions.length >= 110, `the walk found too little: ${functions.length} functions`);
  },
});
