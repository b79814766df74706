/** The contestants: each peer as a process that is started in every block, ours as a model host, and the limits. */
import { resolveSpec } from "../../../lib/arch/resolve.ts";
import type { GraphKind } from "../../../lib/arch/build.ts";
import type { Precision } from "../../../lib/arch/model_ref.ts";
import { startHost } from "../../../lib/model/host.ts";
import type { ModelHost } from "../../../lib/model/protocol.ts";
import { installNpm, npmFolder, script, THREADS, venvPython } from "./environment.ts";
import { matricesOf } from "./limit_matrices.ts";
import { makeExportedFolder, makeGenaiFolder, makeHfFolder, makeTransformersJsFolder } from "./model_forms.ts";
import { type BenchModel, ggufPath } from "./models.ts";
import { peakMb, PeerProcess } from "./peer_process.ts";
import type { Contestant, Sample } from "./rounds.ts";

/** What is done with a process in one round. */
export interface Use<P> {
  warmUp?(process: P, round: number): Promise<unknown>;
  measure(process: P, round: number): Promise<Sample>;
}

type CommandLine = (model: BenchModel) => Promise<string[]>;

/** Command lines of the peers; each makes first what its peer needs. */
const COMMANDS = {
  transformers: async (model) => python("torch_peer.py", await makeHfFolder(model)),
  lmEval: async (model) => [...python("lm_eval_peer.py", await makeHfFolder(model)), "1"],
  genaiFp32: async (model) => python("genai_peer.py", await makeGenaiFolder(model, "fp32")),
  genaiInt4: async (model) => python("genai_peer.py", await makeGenaiFolder(model, "int4")),
  genaiOursFp32: async (model) => python("genai_peer.py", await makeExportedFolder(model, "fp32")),
  genaiOursInt4: async (model) => python("genai_peer.py", await makeExportedFolder(model, "int4")),
  transformersJs: async (model) => node("transformers_js_peer.mjs", await makeTransformersJsFolder(model)),
  llamaCpp: async (model) => {
    await installNpm();
    return node("llama_cpp_peer.mjs", ggufPath(model));
  },
  limits: async ({ ref }) => {
    const matrices = JSON.stringify(matricesOf(await resolveSpec(ref)));
    return [Deno.execPath(), "run", "-A", "--quiet", script("limits_main.ts"), String(THREADS), matrices];
  },
} satisfies Record<string, CommandLine>;
export type PeerName = keyof typeof COMMANDS;

/** A Python peer, whose arguments are a model's folder and threads. */
function python(program: string, folder: string): string[] {
  return [venvPython, script(program), folder, String(THREADS)];
}

/** A Node peer, whose arguments are its packages' folder, the model and threads. */
function node(program: string, model: string): string[] {
  return ["node", script(program), npmFolder, model, String(THREADS)];
}

/**
 * A peer under the name that the table shows.
 *
 * @param which One of the peers, or what gives a command line.
 */
export function peer(
  model: BenchModel,
  name: string,
  which: PeerName | CommandLine,
  use: Use<PeerProcess>,
): Contestant {
  const command: CommandLine = typeof which === "string" ? COMMANDS[which] : which;
  return {
    name,
    async open() {
      const process = await PeerProcess.start(name, await command(model));
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
  { ref }: BenchModel,
  name: string,
  precision: Precision,
  graph: GraphKind,
  use: Use<ModelHost>,
): Contestant {
  return {
    name,
    async open() {
      const host = await startHost(ref, { precision, threads: THREADS, graphs: [graph] });
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
  model: BenchModel,
  name: string,
  precision: "fp32" | "int4",
  hugePages = false,
): Contestant {
  return peer(model, name, "limits", {
    warmUp: (p) => p.call("rows", { precision, repeats: 5, hugePages }),
    async measure(p) {
      const raw = await p.call<LimitTimes>("rows", { precision, repeats: 64, hugePages });
      return { value: 1000 * raw.ms.length / raw.ms.reduce((a, b) => a + b), raw };
    },
  });
}
