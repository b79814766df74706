/** All that a model card shows, as data: read from headers, without weights. */
import type { HubSource } from "../../arch/origin.ts";
import { BUILT_PRECISIONS, resolveModel } from "../../arch/resolve.ts";
import { type ModelRef, type Precision, PRECISIONS } from "../../arch/model_ref.ts";
import type { ArchSpec } from "../../arch/spec.ts";
import { type StoredForm, storedForm } from "../../arch/stored_form.ts";
import { zoo, zooNames } from "../../arch/zoo/zoo.ts";
import { activeParameterCount, kvBytesPerToken, parameterCount } from "../../cost/bytes.ts";
import type { Range } from "../../cost/efficiency.ts";
import { specFlops } from "../../cost/flops.ts";
import type { Machine } from "../../cost/hardware.ts";
import { memoryPlan } from "../../cost/memory_plan.ts";
import { storedWeightBytes } from "../../cost/traffic.ts";
import { specWillItRun } from "../../cost/will_it_run.ts";
import { contextOf, machineOf, providersHere } from "./setting.ts";
import { type TokenizerFacts, tokenizerFacts } from "../../model/tokenizer_facts.ts";
import { catalogModel, catalogNames } from "../../store/catalog.ts";

export interface CardOptions {
  /** Tokens that memory and FLOPs are counted at. Default 2,048, or the model's context where that is shorter. */
  contextLength?: number;
  /** A name of data/hardware.json, or a machine: then speeds are shown too. Default: this machine's memory alone. */
  hardware?: string | Machine;
}

/** One precision, and what becomes of it. */
export interface CardPrecision {
  precision: Precision;
  /** Providers of this machine that run it; none: this version does not. */
  providers: string[];
  /** Weights as they are kept, and all memory while it runs; null: only its file knows. */
  weightBytes: number | null;
  memoryBytes: number | null;
  decodeTokensPerS: Range | null;
}

export interface CardFacts {
  name: string;
  spec: ArchSpec;
  source: string;
  hub: HubSource | null;
  license: string | null;
  /** Where the licence is named. */
  licenseFrom: string;
  parameters: number;
  activeParameters: number;
  /** Null for weights that are made here. */
  stored: StoredForm | null;
  storedAs: string | null;
  /** Or why it cannot be used. */
  tokenizer: TokenizerFacts | string;
  contextLength: number;
  /** Of one more token behind none and behind `contextLength - 1`. */
  flopsPerToken: { first: number; last: number };
  cacheBytesPerToken: number;
  machine: { name: string; memoryBytes: number };
  precisions: CardPrecision[];
}

/**
 * @throws As `resolveModel`, for what there is not or cannot be opened.
 * @throws {RangeError} For a context longer than the model's, or unknown hardware.
 */
export async function cardFacts(given: ModelRef, options: CardOptions): Promise<CardFacts> {
  const ref = isOfZooAlone(given) ? zoo(given) : given;
  const { tokenizer, ends, files, spec, ...resolved } = await resolveModel(withoutPrecision(ref), {}, "headers");
  const contextLength = contextOf(options, spec);
  const stored = files === null ? null : await storedForm(files), machine = machineOf(options.hardware);
  const step = (past: number) => specFlops(spec, { promptTokens: Math.max(1, past), newTokens: 2 }).decode;
  return {
    name: resolved.name,
    spec,
    source: resolved.source,
    hub: resolved.hub,
    ...licenseOf(ref, resolved.hub, stored),
    parameters: parameterCount(spec),
    activeParameters: activeParameterCount(spec),
    stored,
    storedAs: resolved.storedAs,
    tokenizer: await tokenizerFacts(tokenizer, ends, spec.vocabSize).catch((error: Error) => error.message),
    contextLength,
    flopsPerToken: { first: step(1), last: step(contextLength - 1) },
    cacheBytesPerToken: kvBytesPerToken(spec),
    machine,
    precisions: PRECISIONS.filter((p) => p !== "stored" || isQuantised(stored)).map((precision) =>
      precisionFacts(spec, precision, contextLength, machine, stored)
    ),
  };
}

function precisionFacts(
  spec: ArchSpec,
  precision: Precision,
  contextLength: number,
  machine: CardFacts["machine"] | Machine,
  stored: StoredForm | null,
): CardPrecision {
  const providers = BUILT_PRECISIONS.includes(precision) ? providersHere() : [];
  if (precision === "stored") {
    return { precision, providers, weightBytes: stored?.bytes ?? null, memoryBytes: null, decodeTokensPerS: null };
  }
  const weightBytes = storedWeightBytes(spec, precision);
  if (!("kind" in machine)) {
    const { totalBytes } = memoryPlan(spec, { precision, contextLength });
    return { precision, providers, weightBytes, memoryBytes: totalBytes, decodeTokensPerS: null };
  }
  const { memory, decodeTokensPerS } = specWillItRun(spec, { precision, contextLength, hardware: machine });
  return { precision, providers, weightBytes, memoryBytes: memory.totalBytes, decodeTokensPerS };
}

function isQuantised(stored: StoredForm | null): boolean {
  return stored !== null && stored.form === "GGUF" && stored.bitsPerWeight < 15;
}

/** A name that the catalogue has too means the model with its weights. */
function isOfZooAlone(ref: ModelRef): ref is string {
  return typeof ref === "string" && zooNames().includes(ref) && !catalogNames().includes(ref);
}

/** The catalogue's word before the hub's, and that before the file's own. */
function licenseOf(ref: ModelRef, hub: HubSource | null, stored: StoredForm | null) {
  const name = typeof ref === "object" && "ref" in ref ? ref.ref : ref;
  if (typeof name === "string" && catalogNames().includes(name)) {
    return { license: catalogModel(name).license, licenseFrom: "the catalogue" };
  }
  if (hub?.license) return { license: hub.license, licenseFrom: "its card on the hub" };
  return {
    license: stored?.license ?? null,
    licenseFrom: stored?.form === "GGUF" ? "the file" : "the folder's README",
  };
}

/** Precisions that cannot run here are shown too. */
function withoutPrecision(ref: ModelRef): ModelRef {
  if (typeof ref === "string" || !("ref" in ref)) return ref;
  const { precision: _precision, provider: _provider, threads: _threads, ...rest } = ref;
  return rest;
}
