/**
 * The model host: a process that owns one model and answers requests, one JSON object a line. It offers primitives
 * with raw times and counters; planning and statistics stay with the parent. Started by `startHost`.
 */
import { TextLineStream } from "./lines.ts";
import { collectGarbage, readCounters, resetPeak } from "./counters.ts";
import { collapseToHugePages } from "./huge_pages.ts";
import { dieWithParent } from "./die_with_parent.ts";
import { divergence } from "./divergence.ts";
import type { LanguageModel } from "./language_model.ts";
import { openHere } from "./open_model.ts";
import { resolveAny } from "../arch/resolve_any.ts";
import {
  type DivergenceResult,
  type ForwardRunRequest,
  type ForwardSample,
  type GenerateRunRequest,
  type GenerateSample,
  type HostMethods,
  type HostReply,
  type HostRequest,
  type OpenResult,
  PROTOCOL_VERSION,
} from "./protocol.ts";
import type { DecodeWay } from "./info.ts";
import { graphRuns } from "./graph_runs.ts";
import { randomPrompts } from "./random_prompts.ts";
import type { RunningModel } from "./running_model.ts";

dieWithParent(Number(Deno.args[0]));
const before = resetPeak();
let model: LanguageModel | null = null;
/** What `model` is compared with, and the request that opened it. */
let baseline: { key: string; model: LanguageModel } | null = null;

const methods: { [M in keyof HostMethods]: (params: HostMethods[M]["params"], id: number) => Promise<unknown> } = {
  async open({ ref, options }): Promise<OpenResult> {
    const start = performance.now();
    model = await openHere(await resolveAny(ref, options), { graphs: [] });
    // What building left behind would stand beside the weights that the sessions load.
    collectGarbage();
    const built = performance.now();
    await model.running.prepare(options.graphs ?? ["generate"]);
    const opened = performance.now();
    const hugePageBytes = collapseToHugePages();
    const loaded = readCounters();
    return { info: model.info, buildMs: built - start, sessionMs: opened - built, hugePageBytes, before, loaded };
  },
  async generateRuns(request): Promise<GenerateSample[]> {
    const samples: GenerateSample[] = [];
    for (let i = 0; i < request.repeats; i++) samples.push(await generateOnce(opened().running, request));
    return samples;
  },
  async forwardRuns(request): Promise<ForwardSample[]> {
    const samples: ForwardSample[] = [];
    for (let i = 0; i < request.repeats; i++) samples.push(await forwardOnce(opened().running, request));
    return samples;
  },
  score: ({ requests, settings, known }, id) =>
    opened().score(requests, {
      ...settings,
      known,
      onProgress: (done, finished) => reply({ id, progress: done, parts: finished }),
    }),
  generate: ({ prompt, options }) => opened().generate(prompt, options),
  generateBatch({ requests, options }, id) {
    let done = 0;
    const onResult = (index: number, result: unknown) => reply({ id, progress: ++done, parts: [{ index, result }] });
    return opened().generateBatch(requests, { ...options, onResult });
  },
  encode: ({ texts }) => opened().tokenizer.encodeBatch(texts),
  async divergence({ baseline: { ref, options }, texts }): Promise<DivergenceResult> {
    const key = JSON.stringify([ref, options]);
    if (baseline?.key !== key) {
      await baseline?.model.close();
      baseline = null;
      baseline = { key, model: await openHere(await resolveAny(ref, options), { graphs: ["score"] }) };
    }
    return { baseline: baseline.model.info, texts: await divergence(opened().running, baseline.model.running, texts) };
  },
  graphRuns,
  resetPeak: () => Promise.resolve(resetPeak()),
  counters: () => Promise.resolve(readCounters()),
};

reply({ id: -1, result: { protocol: PROTOCOL_VERSION, pid: Deno.pid } });
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
for await (const line of lines) {
  const { id, method, params } = JSON.parse(line) as HostRequest;
  try {
    const handler = methods[method] as (params: unknown, id: number) => Promise<unknown>;
    reply({ id, result: await handler(params, id) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    reply({ id, error: { name, message } });
  }
}
await (model as LanguageModel | null)?.close();
Deno.exit(0); // stdin ended: the parent closed the host or is gone

function opened(): LanguageModel {
  if (!model) throw new TypeError('Cannot run: the host has no model yet; send "open" first');
  return model;
}

/** One request: prefill, then the rest inside the graph ("loop") or one run a token ("step"). */
async function generateOnce(model: RunningModel, request: GenerateRunRequest): Promise<GenerateSample> {
  const { prompt, newTokens, way } = request;
  const ids = "ids" in prompt ? prompt.ids : randomPrompts(model.info.vocabSize, 1, prompt.tokens, prompt.seed)[0];
  requireWay(model, way);
  const decoder = model.decoder(ids.length + newTokens, request.graph);
  const most = way === "step" ? 1 : decoder.mostTurns;
  let state = decoder.start([ids]);
  const made: number[] = [];
  const run = async (turns: number) => {
    const { tokens, next } = await decoder.run(state, { turns, keepCaches: made.length + turns < newTokens });
    made.push(...tokens.map(([id]) => id));
    state = next;
  };
  const startMs = performance.now();
  await run(1);
  const firstTokenMs = performance.now();
  const tokenMs = way === "step" ? [firstTokenMs] : null;
  while (made.length < newTokens) {
    await run(Math.min(most, newTokens - made.length));
    tokenMs?.push(performance.now());
  }
  return { startMs, firstTokenMs, endMs: performance.now(), tokenMs, ids: made, counters: readCounters() };
}

/** @throws {RangeError} If the model cannot decode in this way. */
function requireWay({ info: { name, ways } }: RunningModel, way: DecodeWay): void {
  if (!ways || ways.includes(way)) return;
  throw new RangeError(
    `Cannot decode ${name} by "${way}": its graph runs as it was made; pass way: ${ways.join(" or ")}`,
  );
}

/** One forward pass of a batch of random prompts, its logits on the last rows or on all. */
async function forwardOnce(model: RunningModel, request: ForwardRunRequest): Promise<ForwardSample> {
  const prompts = randomPrompts(model.info.vocabSize, request.batch, request.seqLen, request.seed);
  const decoder = model.decoder(0), state = decoder.start(prompts);
  const startMs = performance.now();
  const ids = request.logits === "all"
    ? await model.argmaxAll(prompts)
    : (await decoder.run(state, { turns: 1, keepCaches: false })).tokens[0];
  return { startMs, endMs: performance.now(), ids, counters: readCounters() };
}

function reply(message: HostReply): void {
  const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
