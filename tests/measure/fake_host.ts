/** A model host that answers at once, with times that the test chooses. */
import { type AnySource, isResolvedGraph } from "../../lib/arch/foreign/resolved_graph.ts";
import type { ArchSpec } from "../../lib/arch/spec.ts";
import type { ModelHost, ProcessCounters, StartHost } from "../../lib/model/protocol.ts";

/** A small architecture; its name tells the fake host which model it is. */
export function tinySpec(name = "tiny"): ArchSpec {
  return {
    name,
    family: "llama",
    vocabSize: 256,
    hiddenSize: 64,
    contextLength: 512,
    layers: Array.from({ length: 2 }, () => ({
      mixer: { kind: "attention", heads: 2, kvHeads: 1, headDim: 32 },
      channel: { kind: "swiglu", intermediateSize: 128 },
    })),
    norm: { kind: "rmsnorm", epsilon: 1e-5 },
    position: { kind: "rope", theta: 10_000 },
    tiedHead: true,
  };
}

export interface FakeBehaviour {
  /** Time of one decode step in ms; `run` counts the timed requests and passes of the host. */
  stepMs?: (at: { name: string; host: number; run: number }) => number;
  /** Time of prefill or of a forward pass in ms. Default 10. */
  prefillMs?: (at: { name: string; host: number; run: number }) => number;
  /** Bytes at the peak while running. Default 300 MB. */
  peakBytes?: (at: { name: string; host: number }) => number;
  /** Tokens of a request. Default 1, 2, 3, ... */
  ids?: (at: { name: string; host: number; run: number }, newTokens: number) => number[];
  /** Called before every run: may throw as a dying host does. */
  before?: (at: { name: string; host: number; run: number }) => void | Promise<void>;
  /** ln p of a continuation. Default: minus its length. */
  logLikelihood?: (name: string, continuation: string) => number;
}

export interface Fake {
  start: StartHost;
  /** What happened, in order: "start a", "a p5_l8", "a b1_s64", "close a". */
  log: string[];
  /** Hosts that are alive. */
  open: Set<number>;
}

export function fakeHosts(behaviour: FakeBehaviour = {}): Fake {
  const { stepMs = () => 2, prefillMs = () => 10, peakBytes = () => 300e6, before } = behaviour;
  const ids = behaviour.ids ?? ((_at, n) => Array.from({ length: n }, (_, i) => i + 1));
  const log: string[] = [], open = new Set<number>();
  let hosts = 0;
  const start: StartHost = (ref) => {
    const name = nameOf(ref), host = hosts++;
    let clock = 0, run = 0, closed = false, peak = 150e6;
    log.push(`start ${name}`);
    open.add(host);
    const counters = (): ProcessCounters => ({
      peakResidentBytes: peak,
      residentBytes: 200e6,
      residentAnonymousBytes: 150e6,
      residentFileBytes: 50e6,
      memoryMethod: "VmHWM",
      cpuTimeMs: clock,
      voluntarySwitches: 0,
      involuntarySwitches: 0,
    });
    const begin = async (what: string) => {
      if (closed) throw new Error(`host of ${name} is closed`);
      const at = { name, host, run: run++ };
      await before?.(at);
      log.push(`${name} ${what}`);
      peak = peakBytes({ name, host });
      return at;
    };
    const model: ModelHost = {
      pid: host,
      open: {
        info: {
          name,
          architecture: "llama",
          parameters: 1000,
          layers: 2,
          heads: 2,
          kvHeads: 1,
          headDim: 32,
          vocabSize: 256,
          contextLength: 512,
          precision: "fp32",
          precisionLabel: "fp32",
          provider: "cpu",
          threads: 2,
          weightBytes: 100e6,
          source: "fake",
          ...(isResolvedGraph(ref) ? { ways: ["step" as const] } : {}),
        },
        buildMs: 0,
        sessionMs: 1,
        hugePageBytes: 0,
        before: { ...counters(), residentBytes: 50e6, peakResidentBytes: 60e6 },
        loaded: { ...counters(), peakResidentBytes: 400e6 },
      },
      async generateRuns({ prompt, newTokens, way, repeats }) {
        const samples = [];
        for (let i = 0; i < repeats; i++) {
          const at = await begin(`p${"tokens" in prompt ? prompt.tokens : prompt.ids.length}_l${newTokens}`);
          const startMs = clock, firstTokenMs = startMs + prefillMs(at), step = stepMs(at);
          clock = firstTokenMs + step * (newTokens - 1);
          const tokenMs = way === "step" ? Array.from({ length: newTokens }, (_, t) => firstTokenMs + t * step) : null;
          samples.push({ startMs, firstTokenMs, endMs: clock, tokenMs, ids: ids(at, newTokens), counters: counters() });
        }
        return samples;
      },
      async forwardRuns({ batch, seqLen, repeats }) {
        const samples = [];
        for (let i = 0; i < repeats; i++) {
          const at = await begin(`b${batch}_s${seqLen}`);
          const startMs = clock;
          clock += prefillMs(at);
          samples.push({ startMs, endMs: clock, ids: ids(at, batch), counters: counters() });
        }
        return samples;
      },
      async score(requests, options) {
        const at = await begin("score");
        options?.onProgress?.(requests.length, []);
        if (closed) throw new Error(`host of ${name} was closed during "score"`);
        const { logLikelihood = (_name: string, text: string) => -text.length } = behaviour;
        return requests.map((r) => {
          const text = "continuation" in r ? r.continuation : r.continuationIds.join(" ");
          return { logLikelihood: logLikelihood(at.name, text), isGreedy: false, tokens: 1 };
        });
      },
      generate: () => Promise.reject(new Error("not in this fake")),
      generateBatch: () => Promise.reject(new Error("not in this fake")),
      encode: () => Promise.reject(new Error("not in this fake")),
      divergence: () => Promise.reject(new Error("not in this fake")),
      resetPeak() {
        peak = 0;
        return Promise.resolve(counters());
      },
      counters: () => Promise.resolve(counters()),
      close() {
        if (!closed) {
          closed = true;
          open.delete(host);
          log.push(`close ${name}`);
        }
        return Promise.resolve();
      },
    };
    return Promise.resolve(model);
  };
  return { start, log, open };
}

function nameOf(ref: AnySource): string {
  if (typeof ref === "string") return ref;
  return "ref" in ref ? nameOf(ref.ref) : ref.name;
}
