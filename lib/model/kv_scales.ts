/** Scales of an int8 key-value cache, from the largest values that a calibration text gives each channel. */
import { cacheName, forEachKeyValue, scaleName } from "../arch/states.ts";
import type { ArchSpec } from "../arch/spec.ts";
import { remembered } from "../store/whole_file.ts";
import { prefill } from "./prefill.ts";
import type { OwnModel } from "./own_model.ts";
import { type Feeds, floats } from "./session.ts";

/** [layer.kind] -> scale of each channel, [kvHeads * headDim]. */
export type KvScales = Record<string, number[]>;

/** Prose, code, numbers and lists, about 400 tokens: what a model meets, without a licence. */
export const CALIBRATION_TEXT = [
  "The river had risen overnight, and by morning the lower meadow was a lake. Anna counted eleven sheep on the far",
  'bank; there should have been twelve. "Did you close the gate?" she asked her brother, who looked at his boots.',
  "Question: What is the boiling point of water at sea level?\nA. 50 degrees\nB. 90 degrees\nC. 100 degrees\nD. 212",
  "kelvin\nAnswer: C\n\nIn 1969, 3 people flew 384,400 km; the ticket would have cost $2,450,000.75 each (about 12 %",
  'more than planned).\n\ndef mean(values):\n    """Return the mean of a non-empty list."""\n    total = 0.0\n    for',
  "value in values:\n        total += value\n    return total / len(values)\n\nfunction greet(name: string): string {\n",
  "  return `Hello, ${name}!`;\n}\n\n# Recipe\n1. Melt 200 g of butter in a pan.\n2. Add flour, stir, and wait until it is",
  "golden.\n3. Pour in the milk slowly. <b>Do not stop stirring!</b>\n\nPhotosynthesis turns light, water and carbon",
  "dioxide into sugar and oxygen. It happens in the chloroplasts of green plants, which is why a forest at noon is,",
  "in a sense, a factory. El tren sale a las ocho; la mer est calme; das Wetter wird morgen besser. Hence x^2 + y^2 =",
  "r^2, and so f(x) = sqrt(r^2 - x^2) for every x between -r and r. Q.E.D.",
].join(" ");
/** Ids from all over the vocabulary, behind the text. */
const RARE_IDS = 128;
/** Other texts reach a little further than this one; what passes the largest int8 is cut there. */
const HEADROOM = 1.1;
const INT8_MAX = 127;

/**
 * The scales of a model, calibrated once and kept in `file`.
 *
 * @param open Opens the model with its keys and values in fp32.
 * @param file Null for weights in memory, which are calibrated anew.
 */
export async function kvScales(open: () => Promise<OwnModel>, file: string | null): Promise<KvScales> {
  const calibrate = async () => {
    const model = await open();
    try {
      return await calibrateKvScales(model);
    } finally {
      await model.close();
    }
  };
  return file ? await remembered(file, calibrate) : await calibrate();
}

/** The scales as the graphs read them, float32 [1, kvHeads, 1, headDim]. */
export function scaleFeeds(spec: ArchSpec, scales: KvScales): Feeds {
  const feeds: Feeds = {};
  forEachKeyValue(spec, (layer, kind, { kvHeads, headDim }) => {
    const name = scaleName(layer, kind);
    feeds[name] = floats(scales[name], [1, kvHeads, 1, headDim]);
  });
  return feeds;
}

/**
 * Run the calibration text through a model that keeps its keys and values in fp32.
 *
 * @returns For every layer and kind the scale of each channel, so that its largest value becomes about 115.
 */
export async function calibrateKvScales(model: OwnModel): Promise<KvScales> {
  const { vocabSize, contextLength } = model.info;
  const rare = Array.from({ length: RARE_IDS }, (_, i) => Math.floor(i * vocabSize / RARE_IDS));
  const ids = [...await model.tokenizer.encode(CALIBRATION_TEXT), ...rare].slice(0, contextLength);
  const [{ caches }] = await prefill(model.graphs, [ids]);
  const scales: KvScales = {};
  forEachKeyValue(model.spec, (layer, kind, { kvHeads, headDim }) => {
    const { data, dims } = caches[cacheName("past", layer, kind)];
    const values = data as Float32Array, slots = dims[2];
    scales[scaleName(layer, kind)] = Array.from({ length: kvHeads * headDim }, (_, channel) => {
      const head = Math.floor(channel / headDim), d = channel % headDim;
      let largest = 0;
      for (let t = 0; t < slots; t++) largest = Math.max(largest, Math.abs(values[(head * slots + t) * headDim + d]));
      return HEADROOM * Math.max(largest, 1e-6) / INT8_MAX; // a channel that is always 0 needs a scale too
    });
  });
  return scales;
}
