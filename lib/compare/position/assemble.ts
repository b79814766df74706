/** From the scores of models to their curve, over the texts that all of them have. */
import type { UnitScores } from "../../eval/score_in_batches.ts";
import { PositionCurve, type PositionRaw } from "./curve.ts";
import type { ModelScores, TextWork } from "./measure.ts";
import { bitsOf, byteSegments, bytesOfTokens, type PlaceUnit, tokensByBin, tokenSegments } from "./places.ts";
import { type ReadingModel, type ReadText, requireSources } from "./readers.ts";
import { type PlacedText, readSha256 } from "./texts.ts";

/** What was to be measured. */
export interface CurvePlan extends Omit<PositionRaw, "version" | "texts" | "models"> {
  texts: ReadText[];
  readers: ReadingModel[];
}

/** A text's end is the last bin's: cut at a whole character, it may be a byte or two before. */
function edgesIn({ bytes }: PlacedText, unit: PlaceUnit, edges: number[]): number[] {
  return unit === "tokens" ? edges : [...edges.slice(0, -1), bytes];
}

/** What of a text is scored for a model. */
export function workOf({ unit, edges }: CurvePlan, placed: PlacedText): TextWork {
  const { ids, ends } = placed, own = edgesIn(placed, unit, edges);
  return { ids, segments: unit === "tokens" ? tokenSegments(own) : byteSegments(ends, own) };
}

/**
 * The curve of the models that have scores, over the texts that they all have.
 *
 * @throws {RangeError} If those are of fewer than two sources.
 */
export function assemble(plan: CurvePlan, done: Record<string, ModelScores>): PositionCurve {
  const { unit, edges, texts, readers, skipped, ...rest } = plan, all = Object.values(done);
  const refused = texts.flatMap(({ name }, i) => all.flatMap(({ scores }) => refusal(name, scores[i]))),
    out = [...skipped, ...refused];
  const kept = texts.map((_, i) => i).filter((i) => all.every(({ scores }) => Array.isArray(scores[i])));
  requireSources(kept.map((i) => texts[i]), out, unit, edges.at(-1)!);
  const models = readers.filter(({ name }) => done[name]).map(({ name, ref, trainedTokens }) => {
    const { scores, environment } = done[name];
    const bits = kept.map((i) => {
      const found = scores[i] as Exclude<UnitScores, { refused: string }>;
      return bitsOf(workOf(plan, texts[i].placed[name]).segments, found, edges.length - 1);
    });
    const tokens = kept.map((i) => tokensByBin(texts[i].placed[name], unit, edges));
    return [name, { ref, trainedTokens, bits, tokens, environment }] as const;
  });
  return new PositionCurve({
    version: 1,
    unit,
    edges,
    ...rest,
    skipped: out,
    texts: kept.map((i) => {
      const { name, source, text, fileSha256, placed } = texts[i], read = placed[rest.baseline];
      const own = edgesIn(read, unit, edges);
      const bytes = unit === "tokens" ? bytesOfTokens(read.ends, own) : own.slice(1).map((end, bin) => end - own[bin]);
      return { name, source, sha256: readSha256(text, read.bytes), ...(fileSha256 && { fileSha256 }), bytes };
    }),
    models: Object.fromEntries(models),
  });
}

function refusal(name: string, scores: UnitScores | undefined) {
  return scores && "refused" in scores ? [{ name, reason: scores.refused }] : [];
}
