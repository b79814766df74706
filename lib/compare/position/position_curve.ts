/** Measure bits per byte over the place in the context, of several models on the same texts. */
import { MODEL_OPTIONS, MODELS } from "../../arch/ref_fields.ts";
import type { ModelOptions, ModelRef } from "../../arch/model_ref.ts";
import { BAND, LEVEL, ROWS, SEED, TOKENS } from "../../check/common.ts";
import { suggestion } from "../../check/nearest.ts";
import { object, optional } from "../../check/objects.ts";
import { checkArgument, checkOptions } from "../../check/options.ts";
import { byType, func, list, oneOf, text } from "../../check/rules.ts";
import { startHost } from "../../model/host.ts";
import type { StartHost } from "../../model/protocol.ts";
import { withPartial } from "../../progress.ts";
import { ResultStore } from "../../store/results.ts";
import { STORE } from "../../store/store_field.ts";
import { QUALITY_BAND } from "../../stats/verdict.ts";
import { assemble, type CurvePlan, workOf } from "./assemble.ts";
import type { PositionCurve } from "./curve.ts";
import { type ModelScores, scoreTexts, UnfinishedModel } from "./measure.ts";
import { binEdges, type PlaceUnit } from "./places.ts";
import { CANNOT, readerOf, readTexts, requireFits, requireSources, unitOf } from "./readers.ts";
import { chooseTexts, type LongText } from "./texts.ts";

export interface PositionOptions extends ModelOptions {
  /**
   * What places are counted in. Default: tokens if all models read texts as the same tokens, else bytes, so that the same
   * bytes are predicted.
   */
  unit?: PlaceUnit;
  /** How far each text is read; a shorter one is left out. Default 2,048 tokens, or 8,192 bytes. */
  length?: number;
  /**
   * Default: pieces of Python's standard library as the npm package pyodide holds it, one a file, the same on every
   * machine.
   */
  texts?: (string | LongText)[];
  /** So many texts. Default 8 pieces of the library, or all that are passed. */
  limit?: number;
  /** Draws the line at which each piece of the library begins. Default 0. */
  seed?: number;
  /** Default: the first model. */
  baseline?: string;
  /** Coverage of each band, and of all differences together. Default 0.95. */
  level?: number;
  /** Bits per byte within which a difference counts as none. Default 0.02. */
  band?: number;
  /**
   * Where every text's scores are kept as soon as they are there, and taken from in a later run. Null: nowhere. Default:
   * `results/archbench.sqlite`, for hosts that are started here.
   */
  store?: ResultStore | null;
  /** How a host is started; tests give a fake one. */
  start?: StartHost;
}

const TEXT = object<LongText>({ text, source: optional(text), name: optional(text) });
export const POSITION_OPTIONS = object<PositionOptions>({
  ...MODEL_OPTIONS.fields,
  unit: optional(oneOf("tokens", "bytes")),
  length: optional(TOKENS),
  texts: optional(list(byType({ string: text, object: TEXT }, "a text, or { text, source, name }"))),
  limit: optional(ROWS),
  seed: optional(SEED),
  baseline: optional(text),
  level: optional(LEVEL),
  band: optional(BAND),
  store: optional(STORE),
  start: optional(func()),
});

const DEFAULT_LENGTH = { tokens: 2048, bytes: 8192 };

/**
 * Bits per byte of long texts over the place in them, in bins whose ends double. It shows what an average hides: how far
 * back a model makes use of its context, and what becomes of it past the length that it was trained on.
 *
 * Every text is read once from its start, behind BOS (else EOS), as in the task `bits_per_byte`. All models predict the
 * same bytes of the same texts, so their differences are paired. The curve itself also follows what the texts say at a
 * place; the pieces of Python's library begin anywhere in their files for that reason.
 *
 * @throws {TypeError} If tokens are asked for and the models read texts as different ones.
 * @throws {RangeError} If a text has more tokens than a model's context, or texts of fewer than 2 sources are long enough.
 * No model is opened.
 * @throws {StopError} After Stop; it holds the curve of the models and texts that were finished (`partialOf`).
 * @example A window against full attention
 * ```ts ignore
 * const ref = "smollm2-135m";
 * const models = { "full attention": ref, "window 128": { ref, edits: [{ window: 128 }] } };
 * const curve = await positionCurve(models, { length: 4096 });
 * await show(positionPlot(curve), positionTable(curve));
 * ```
 */
export async function positionCurve(
  models: Record<string, ModelRef>,
  options: PositionOptions = {},
): Promise<PositionCurve> {
  checkArgument(CANNOT, "models", models, MODELS);
  checkOptions(CANNOT, options, POSITION_OPTIONS);
  const { start = startHost } = options;
  const modelOptions = modelOptionsOf(options), plan = await planOf(models, modelOptions, options);
  const store = options.store === undefined && start === startHost ? new ResultStore() : options.store ?? null;
  store?.checkWritable();
  const done: Record<string, ModelScores> = {};
  try {
    for (const { name, ref, prefix } of plan.readers) {
      const texts = plan.texts.map(({ placed }) => workOf(plan, placed[name]));
      done[name] = await scoreTexts({ name, ref, options: modelOptions, prefix, texts, start, store });
    }
  } catch (error) {
    const unfinished = error instanceof UnfinishedModel;
    if (unfinished) done[error.model] = error.finished;
    throw withCurve(unfinished ? error.cause : error, plan, done);
  }
  return assemble(plan, done);
}

function modelOptionsOf({ precision, provider, threads, optimise }: PositionOptions): ModelOptions {
  return { precision, provider, threads, optimise };
}

/** Which texts, how far, in which bins; all that can be refused is refused here. */
async function planOf(
  models: Record<string, ModelRef>,
  modelOptions: ModelOptions,
  options: PositionOptions,
): Promise<CurvePlan> {
  const { baseline = Object.keys(models)[0], level = 0.95, band = QUALITY_BAND } = options;
  const names = Object.keys(models);
  if (!names.length) throw new RangeError(`${CANNOT}: there are no models; pass { name: reference }`);
  if (!Object.hasOwn(models, baseline)) {
    throw new RangeError(`${CANNOT}: baseline "${baseline}" is none of the models${suggestion(baseline, names)}`);
  }
  const inOrder = [baseline, ...names.filter((name) => name !== baseline)];
  const readers = await Promise.all(inOrder.map((name) => readerOf(name, models[name], modelOptions)));
  const unit = unitOf(readers, options.unit), length = options.length ?? DEFAULT_LENGTH[unit];
  const { texts: chosen, data } = await chooseTexts(options, unit, length);
  const { texts, skipped } = await readTexts(readers, chosen, unit, length);
  requireSources(texts, skipped, unit, length);
  requireFits(readers, texts, unit, length);
  return { unit, edges: binEdges(unit, length), baseline, level, band, data, texts, skipped, readers };
}

/** The error, with the curve of what was finished before it, if that is one. */
function withCurve(error: unknown, plan: CurvePlan, done: Record<string, ModelScores>): unknown {
  if (!done[plan.baseline]) return error;
  try {
    return withPartial(error, assemble(plan, done));
  } catch (tooFew) {
    if (tooFew instanceof RangeError) return error;
    throw tooFew;
  }
}
