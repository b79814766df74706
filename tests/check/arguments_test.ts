import assert from "node:assert/strict";
import * as archbench from "../../lib/mod.ts";
import { fit, machine, result, tiny } from "./exports/fixtures.ts";

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
  crossover: [fit],
  estimateFlops: [{ promptTokens: 4 }],
  estimateLayerFlops: [{ tokens: 4 }],
  fitScaling: [1],
  fittedAt: [10],
  flips: [result],
  flipsTable: [result],
  graphCost: [{}],
  graphFlops: [{ promptTokens: 4 }],
  graphPassCost: [{ tokens: 4 }],
  largestChange: [result],
  measureDivergence: [{ a: tiny }],
  passAtK: [1, 1],
  passAtKEstimate: [1],
  percentileInterval: [0.5],
  quantile: [0.5],
  roofline: [machine, { promptTokens: 4 }],
  rooflinePlot: [[]],
  rooflineResiduals: [machine],
  scale: [{ parameters: 1e6 }],
  sequentialSpeedUp: [{ samples: [] }],
  wantsMoreSamples: [1],
  willItRun: [{ hardware: machine }],
  withDrift: [0.1],
};
/** Those whose second argument is data too, with a first one that is right. */
const SECOND: Partial<Record<Name, unknown>> = {
  crossover: fit,
  flips: result,
  flipsTable: result,
  largestChange: result,
  rooflinePlot: machine,
  sequentialSpeedUp: { samples: [] },
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
  { names: ["passAtK", "wantsMoreSamples"], values: [5], why: "a number of samples" },
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
  name: "every exported function refuses data of a wrong kind, in words of its own",
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
    for (const [name, first] of Object.entries(SECOND) as [Name, unknown][]) {
      for (const value of WRONG) {
        const error = await errorOf(archbench[name] as (...args: unknown[]) => unknown, [first, value]);
        refused++;
        if (!error || RAW.test(error.message)) wrong.push(`${name}(.., ${JSON.stringify(value)}): ${error?.message}`);
      }
    }
    console.log(`${functions.length} functions: ${refused} calls refused in words, ${accepted} right ones accepted`);
    assert.deepEqual(wrong, []);
    assert.ok(functions.length >= 110, `the walk found too little: ${functions.length} functions`);
  },
});
