/** One timed repeat in the field's terms, made from the host's raw times. */
import type { ForwardSample, GenerateSample } from "../model/protocol.ts";
import type { BatchSetting, GenerationSetting } from "./setting.ts";

export interface SpeedSample {
  /** The whole request, or the forward pass. */
  latencyMs: number;
  /** New tokens over the request's time, or batch * seqLen over the pass's. */
  throughputTokensPerS: number;
  /** Request accepted until the first token id is on the host; prefill is in it. Generation only, as all below. */
  ttftMs?: number;
  /** (latency - TTFT) / (newTokens - 1). */
  tpotMs?: number;
  /** promptTokens / TTFT. */
  prefillTokensPerS?: number;
  /** (newTokens - 1) / (latency - TTFT). */
  decodeTokensPerS?: number;
  /** Gaps between tokens, [newTokens - 1]; null where decoding inside the graph hides them. */
  itlMs?: number[] | null;
}

/** A clock that stood still or went backwards must not become a speed. */
function elapsed(what: string, from: number, to: number): number {
  const ms = to - from;
  if (!(ms > 0 && Number.isFinite(ms))) {
    throw new RangeError(
      `Cannot use a sample: ${what} took ${ms} ms (from ${from} to ${to}); the host's clock is wrong`,
    );
  }
  return ms;
}

export function generationSample(raw: GenerateSample, { promptTokens, newTokens }: GenerationSetting): SpeedSample {
  if (raw.ids.length !== newTokens) {
    throw new Error(`Cannot use a sample: asked for ${newTokens} new tokens, the model gave ${raw.ids.length}`);
  }
  const latencyMs = elapsed("the request", raw.startMs, raw.endMs);
  const ttftMs = elapsed("prefill", raw.startMs, raw.firstTokenMs);
  const decodeMs = elapsed("decode", raw.firstTokenMs, raw.endMs);
  const { tokenMs } = raw;
  return {
    latencyMs,
    throughputTokensPerS: 1000 * newTokens / latencyMs,
    ttftMs,
    tpotMs: decodeMs / (newTokens - 1),
    prefillTokensPerS: 1000 * promptTokens / ttftMs,
    decodeTokensPerS: 1000 * (newTokens - 1) / decodeMs,
    itlMs: tokenMs && tokenMs.slice(1).map((t, i) => elapsed(`token ${i + 2}`, tokenMs[i], t)),
  };
}

export function batchSample(raw: ForwardSample, { batch, seqLen }: BatchSetting): SpeedSample {
  const latencyMs = elapsed("the forward pass", raw.startMs, raw.endMs);
  return { latencyMs, throughputTokensPerS: 1000 * batch * seqLen / latencyMs };
}
