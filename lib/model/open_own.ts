/** From a resolved reference to a running model of our own graphs. */
import { join } from "node:path";
import { buildInMemory, buildOnDisk, cacheKey } from "../arch/build.ts";
import { headsOf } from "../arch/heads.ts";
import { packedBytes, type PackedWeights } from "../arch/packed_weights.ts";
import { precisionLabel } from "../arch/precision_label.ts";
import { modelFacts } from "../arch/model_facts.ts";
import type { ResolvedModel } from "../arch/resolved.ts";
import { weightsOf } from "../arch/weights_of.ts";
import type { Provider } from "../arch/model_ref.ts";
import { parameterCount } from "../cost/bytes.ts";
import { GraphSessions, type OpenGraph } from "./graph_sessions.ts";
import type { ModelInfo } from "./info.ts";
import { CALIBRATION_TEXT, kvScales, scaleFeeds } from "./kv_scales.ts";
import { threadWarnings } from "./open_options.ts";
import { OwnModel } from "./own_model.ts";
import { openSession, type SessionOptions } from "./session.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { tokenizerOf } from "./tokenizer_files.ts";
import { tokenizerFingerprint } from "./tokenizer_fingerprint.ts";

/** A model of our own graphs, none of whose sessions is there yet. */
export async function openOwn(
  resolved: ResolvedModel,
  options: SessionOptions & { provider: Provider },
): Promise<OwnModel> {
  const { spec } = resolved;
  const parts = await modelParts(resolved, options);
  const info = modelInfo(resolved, options, parts.weights);
  const own = (openGraph: OpenGraph) =>
    new OwnModel(info, parts.tokenizer, new GraphSessions(info.name, spec, openGraph));
  if (spec.kvCache !== "int8") return own(parts.openGraph);
  const inFp32 = () => openOwn({ ...resolved, spec: { ...spec, kvCache: "fp32" } }, options);
  const calibration = [spec, CALIBRATION_TEXT, await tokenizerFingerprint(modelFacts(resolved))];
  const file = parts.folder && join(parts.folder, `kv_scales_${cacheKey(calibration)}.json`);
  const scales = scaleFeeds(spec, await kvScales(inFp32, file));
  return own(async (kind) => {
    const session = await parts.openGraph(kind);
    return { ...session, run: (feeds, fetches) => session.run({ ...scales, ...feeds }, fetches) };
  });
}

/** Weights, tokenizer and graphs: random weights are packed in memory, those of files are built on disk once. */
async function modelParts(
  resolved: ResolvedModel,
  options: SessionOptions,
): Promise<{ weights: PackedWeights; tokenizer: Tokenizer; openGraph: OpenGraph; folder: string | null }> {
  const { base, spec, precision, identity, tokenizer: origin, vocabulary, ends } = resolved;
  const tokenizer = await tokenizerOf(origin, spec.vocabSize, vocabulary, ends);
  if (identity === null) {
    const built = await buildInMemory(base, spec, precision, await weightsOf(resolved));
    const { externalData } = built;
    return {
      weights: built.weights,
      tokenizer,
      openGraph: (kind) => openSession(built.graph(kind), { ...options, externalData }),
      folder: null,
    };
  }
  const built = await buildOnDisk(base, spec, identity, precision, () => weightsOf(resolved));
  return {
    weights: built.weights,
    tokenizer,
    openGraph: async (kind) => openSession(await built.graph(kind), options),
    folder: built.folder,
  };
}

function modelInfo(
  resolved: ResolvedModel,
  { provider, threads }: { provider: Provider; threads: number },
  weights: PackedWeights,
): ModelInfo {
  const { spec } = resolved;
  const { heads, kvHeads, headDim } = headsOf(spec), warnings = [...threadWarnings(threads), ...resolved.notes ?? []];
  return {
    name: resolved.name,
    architecture: spec.name,
    parameters: parameterCount(spec),
    layers: spec.layers.length,
    heads,
    kvHeads,
    headDim,
    vocabSize: spec.vocabSize,
    contextLength: spec.contextLength,
    precision: resolved.precision,
    precisionLabel: precisionLabel(resolved.precision, resolved.storedAs, weights),
    provider,
    threads,
    weightBytes: packedBytes(weights),
    source: resolved.source,
    ...(resolved.hub ? { hub: resolved.hub } : {}),
    ...(warnings.length ? { warnings } : {}),
  };
}
