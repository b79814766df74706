/** The contestants: each peer as a process that is started in every block, ours as a model host, and the limits. */
import type { GraphKind } from "../../../lib/arch/build.ts";
import type { Precision } from "../../../lib/arch/spec.ts";
import { startHost } from "../../../lib/model/host.ts";
import type { ModelHost } from "../../../lib/model/protocol.ts";
import {
  ggufPath,
  hfFolder,
  installNpm,
  makeExportedFolder,
  makeGenaiFolder,
  makeHfFolder,
  makeTransformersJsFolder,
  MODEL,
  npmFolder,
  script,
  THREADS,
  venvPython,
} from "./environment.ts";
import { peakMb, PeerProcess } from "./peer_process.ts";
import type { Contestant, Sample } from "./rounds.ts";

/** What is done with a process in one round. */
export interface Use<P> {
  warmUp?(process: P, round: number): Promise<unknown>;
  measure(process: P, round: number): Promise<Sample>;
}

/** Command lines of the peers; each makes first what its peer needs. */
const COMMANDS = {
  async transformers() {
    await makeHfFolder();
    return [venvPython, script("torch_peer.py"), hfFolder, String(THREADS)];
  },
  async lmEval() {
    await makeHfFolder();
    return [
      venvPython,
      script("lm_eval_peer.py"),
      hfFolder,
      String(THREADS),
      "1",
    ];
  },
  genaiFp32: async () => genai(await makeGenaiFolder("fp32")),
  genaiInt4: async () => genai(await makeGenaiFolder("int4")),
  genaiOursFp32: async () => genai(await makeExportedFolder("fp32")),
  genaiOursInt4: async () => genai(await makeExportedFolder("int4")),
  async transformersJs() {
    const folder = await makeTransformersJsFolder();
    return [
      "node",
      script("transformers_js_peer.mjs"),
      npmFolder,
      folder,
      String(THREADS),
    ];
  },
  async llamaCpp() {
    await installNpm();
    return [
      "node",
      script("llama_cpp_peer.mjs"),
      npmFolder,
      ggufPath(),
      String(THREADS),
    ];
  },
  limits: () =>
    Promise.resolve([
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      script("limits_main.ts"),
      String(THREADS),
    ]),
};
export type PeerName = keyof typeof COMMANDS;

function genai(folder: string): string[] {
  return [venvPython, script("genai_peer.py"), folder, String(THREADS)];
}

/**
 * A peer under the name that the table shows.
 *
 * @param which One of the peers, or what gives a command line.
 */
export function peer(
  name: string,
  which: PeerName | (() => Promise<string[]>),
  use: Use<PeerProcess>,
): Contestant {
  return {
    name,
    async open() {
      const process = await PeerProcess.start(name, await (typeof which === "string" ? COMMANDS[which] : which)());
      return {
        peakMb: () => peakMb(process.pid),
        versions: process.versions,
        warmUp: async (round) => void await use.warmUp?.(process, round),
        measure: (round) => use.measure(process, round),
        close: () => process.close(),
      };
    },
  };
}

/** Ours: a model host. */
export function ours(
  name: string,
  precision: Precision,
  graph: GraphKind,
  use: Use<ModelHost>,
): Contestant {
  return {
    name,
    async open() {
      const host = await startHost(MODEL, {
        precision,
        threads: THREADS,
        graphs: [graph],
      });
      return {
        peakMb: () => peakMb(host.pid),
        versions: {},
        warmUp: async (round) => void await use.warmUp?.(host, round),
        measure: (round) => use.measure(host, round),
        close: () => host.close(),
      };
    },
  };
}

export interface LimitTimes {
  /** Time of each repeat. */
  ms: number[];
  /** Bytes that a repeat reads, or floating-point operations that it does. */
  bytes: number;
  flops: number;
}

/** The model's matrices, one row each: steps/s. `hugePages`: its weights moved there, as our hosts do. */
export function rowsLimit(
  name: string,
  precision: "fp32" | "int4",
  hugePages = false,
): Contestant {
  return peer(name, "limits", {
    warmUp: (p) => p.call("rows", { precision, repeats: 5, hugePages }),
    async measure(p) {
      const raw = await p.call<LimitTimes>("rows", {
        precision,
        repeats: 64,
        hugePages,
      });
      return {
        value: 1000 * raw.ms.length / raw.ms.reduce((a, b) => a + b),
        raw,
      };
    },
  });
}
