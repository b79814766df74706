/** Bits per byte over the place in the context: estimates, differences and verdicts, all from sums by text and bin. */
import type { ModelRef } from "../../arch/model_ref.ts";
import type { EvalEnvironment } from "../../eval/types.ts";
import { clusteredRatio } from "../../stats/clustered.ts";
import type { Estimate } from "../../stats/estimate.ts";
import { usableOn, usablePositive } from "../../stats/usable.ts";
import { type QualityVerdict, qualityVerdict } from "../../stats/verdict.ts";
import type { PlaceUnit } from "./places.ts";
import type { SkippedText } from "./texts.ts";

/** A text that every model read. */
export interface PositionText {
  name: string;
  /** The unit of intervals. */
  source: string;
  /** SHA-256 of what was read of it, and of the file that it is from, where it is one. */
  sha256: string;
  fileSha256?: string;
  /** Bytes of each bin. */
  bytes: number[];
}

export interface PositionModel {
  ref: ModelRef;
  /** Tokens that the model was made for: its context before edits. Places beyond are marked. */
  trainedTokens: number;
  /** Information in each bin of each text, in bits: shape [texts][bins]. */
  bits: number[][];
  /** Tokens of each text that end by the end of each bin: shape [texts][bins]. */
  tokens: number[][];
  environment: EvalEnvironment;
}

/** Everything that was measured: plain JSON. */
export interface PositionRaw {
  /** Raised when the shape changes. */
  version: 1;
  unit: PlaceUnit;
  /** Where bins begin, and the end of the last one. */
  edges: number[];
  baseline: string;
  /** Of a band by itself, and of all differences together. */
  level: number;
  /** Bits per byte within which a difference counts as none. */
  band: number;
  texts: PositionText[];
  skipped: SkippedText[];
  /** Where the texts came from. */
  data: string;
  /** The baseline first. */
  models: Record<string, PositionModel>;
}

/** One model in one bin. */
export interface PlaceEstimate {
  from: number;
  to: number;
  /** All bits of the bin over all its bytes. The interval is of this bin alone, over sources. */
  bitsPerByte: Estimate;
  /** Tokens of the model that end by the end of the bin, the mean over texts. */
  tokens: number;
  /** Whether some text's tokens here are past those that the model was made for. */
  beyondTrained: boolean;
}

/** One model against the baseline in one bin, on the same bytes. */
export interface PlaceDifference {
  from: number;
  to: number;
  /** Bits per byte, model minus baseline: above 0 the model predicts worse. Simultaneous over all bins and models. */
  difference: Estimate;
  verdict: QualityVerdict;
}

/**
 * How well models predict at each place of a text. Computed from `raw` alone, so a saved curve can be drawn again.
 *
 * @example Save, and read again
 * ```ts ignore
 * await Deno.writeTextFile("curve.json", JSON.stringify(curve));
 * const again = PositionCurve.fromJSON(JSON.parse(await Deno.readTextFile("curve.json")));
 * ```
 */
export class PositionCurve {
  readonly raw: PositionRaw;
  /** Of every model, bin by bin; the baseline first. */
  readonly curves: Record<string, PlaceEstimate[]>;
  /** Of every model but the baseline, bin by bin. */
  readonly differences: Record<string, PlaceDifference[]>;

  /** Use `positionCurve`. */
  constructor(raw: PositionRaw) {
    this.raw = raw;
    const names = Object.keys(raw.models), others = names.filter((name) => name !== raw.baseline);
    this.curves = Object.fromEntries(names.map((name) => [name, curveOf(raw, raw.models[name])]));
    this.differences = Object.fromEntries(others.map((name) => [name, differencesOf(raw, name, others.length)]));
  }

  toJSON(): PositionRaw {
    return this.raw;
  }

  /** @throws {TypeError} If `raw` is not what `toJSON` gives, or of another version. */
  static fromJSON(raw: unknown): PositionCurve {
    const { version, models, texts, edges, baseline } = (raw ?? {}) as Partial<PositionRaw>;
    if (version !== 1 || !models || !Array.isArray(texts) || !Array.isArray(edges) || !models[baseline ?? ""]) {
      throw new TypeError(
        `Cannot read a position curve: expected version 1 with models, their baseline, texts and edges, got version ` +
          `${version}`,
      );
    }
    return new PositionCurve(raw as PositionRaw);
  }
}

/** The bins' bounds with what is made of each. */
function byBin<T>({ edges }: PositionRaw, make: (bin: number) => T): ({ from: number; to: number } & T)[] {
  return edges.slice(1).map((to, bin) => ({ from: edges[bin], to, ...make(bin) }));
}

function curveOf(raw: PositionRaw, { bits, tokens, trainedTokens }: PositionModel): PlaceEstimate[] {
  return byBin(raw, (bin) => {
    const ends = tokens.map((text) => text[bin]);
    return {
      bitsPerByte: usablePositive(ratio(raw, bin, bits.map((text) => text[bin]), { level: raw.level })),
      tokens: ends.reduce((sum, end) => sum + end, 0) / ends.length,
      beyondTrained: ends.some((end) => end > trainedTokens),
    };
  });
}

function differencesOf(raw: PositionRaw, name: string, others: number): PlaceDifference[] {
  const { [name]: candidate, [raw.baseline]: baseline } = raw.models, comparisons = others * (raw.edges.length - 1);
  return byBin(raw, (bin) => {
    const bits = candidate.bits.map((text, i) => text[bin] - baseline.bits[i][bin]);
    // an interval that is wider than what either model has at all says nothing
    const sizes = [candidate, baseline].map((model) => ratio(raw, bin, model.bits.map((text) => text[bin])).point);
    const scale = { least: -Infinity, most: Infinity, width: Math.max(...sizes) || Infinity };
    const at = (level: number) => usableOn(ratio(raw, bin, bits, { level, comparisons }), scale);
    const wide = at(raw.level), narrow = at(0.9);
    return { difference: wide, verdict: qualityVerdict({ wide, narrow }, { band: raw.band, higherIsBetter: false }) };
  });
}

function ratio(raw: PositionRaw, bin: number, bits: number[], options: Parameters<typeof clusteredRatio>[3] = {}) {
  return clusteredRatio(bits, raw.texts.map((text) => text.bytes[bin]), raw.texts.map((text) => text.source), options);
}
