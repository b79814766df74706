/** Fewer heads: of keys and values, which are averaged, or of queries, which are dropped. */
import type { ArchSpec, AttentionSpec, LayerSpec, MixerSpec } from "../spec.ts";
import { type Change, changed, indexInFile } from "./change.ts";
import { averageHeads, pickHeadColumns, pickHeadRows, staysQuantised } from "./matrices.ts";

/** Parameters of attention with a part for each head of keys and values, and of queries. */
const OF_KEYS = ["k", "kBias"], OF_VALUES = ["v", "vBias"], OF_QUERIES = ["q", "qBias", "attentionGate"];

/**
 * Keys and values of `kvHeads` heads in every layer of softmax attention: those of a group are averaged (Ainslie et al.
 * 2023, arXiv 2305.13245, section 2.1), as are the weights of a norm over all of them.
 */
export function mergeKvHeads(kvHeads: number): Change {
  return {
    spec(spec) {
      const layers = spec.layers.map((layer, i): LayerSpec => {
        const { mixer } = layer;
        if (mixer.kind !== "attention") return layer;
        if (mixer.kvHeads % kvHeads !== 0) {
          throw new RangeError(
            `Cannot merge to ${kvHeads} heads of keys and values in ${spec.name}: layer ${i} has ${mixer.kvHeads}, ` +
              `which makes no groups of one size; pass one of ${divisors(mixer.kvHeads)}`,
          );
        }
        return { ...layer, mixer: { ...mixer, kvHeads } };
      });
      if (!layers.some(({ mixer }) => mixer.kind === "attention")) {
        throw new RangeError(`Cannot merge heads in ${spec.name}: none of its layers is softmax attention`);
      }
      return { ...spec, name: `${spec.name}, ${kvHeads} KV ${kvHeads === 1 ? "head" : "heads"}`, layers };
    },
    weights: (source, before) =>
      changed(source, before, {
        layer: (m, name, { mixer }) =>
          isMerged(mixer, name) ? averageHeads(m, (mixer as AttentionSpec).kvHeads, kvHeads) : m,
        form: (form, name, { mixer }) => isMerged(mixer, name) ? null : form,
      }),
  };
}

function isMerged(mixer: MixerSpec, name: string): boolean {
  if (mixer.kind !== "attention") return false;
  return [...OF_KEYS, ...OF_VALUES, ...(mixer.qkNorm === "full" ? ["kNorm"] : [])].includes(name);
}

/** Query heads to drop from a layer. */
export interface DroppedHeads {
  layer: number;
  heads: number[];
}

/** The layers that an edit names, by their index in the file, which stays when layers go. */
export function dropsInFile(spec: ArchSpec, drops: DroppedHeads[]): DroppedHeads[] {
  return drops.map(({ layer, heads }, i) => {
    if (!spec.layers[layer]) {
      throw new RangeError(
        `Cannot drop heads of layer ${layer} of ${spec.name}: it has layers 0 to ${last(spec.layers)}`,
      );
    }
    if (drops.findIndex((drop) => drop.layer === layer) !== i) {
      throw new RangeError(`Cannot drop heads of layer ${layer} of ${spec.name} twice: put them in one list`);
    }
    return { layer: indexInFile(spec, layer), heads };
  });
}

/**
 * Query heads dropped with their columns of the output: what they gave counts as 0. Heads of keys and values go with
 * the last query head that reads them. (Michel et al. 2019, arXiv 1905.10650.)
 *
 * @param drops By the layers' indexes in the file.
 */
export function dropHeads(drops: DroppedHeads[]): Change {
  const dropped = new Map(drops.map(({ layer, heads }) => [layer, heads]));
  return {
    spec(spec) {
      let count = 0;
      const layers = spec.layers.map((layer, i): LayerSpec => {
        const heads = dropped.get(indexInFile(spec, i));
        if (!heads) return layer;
        count += heads.length;
        const kept = keptHeads(spec, i, heads);
        const mixer = layer.mixer as AttentionSpec;
        return { ...layer, mixer: { ...mixer, heads: kept.queries.length, kvHeads: kept.keys.length } };
      });
      return { ...spec, name: `${spec.name}, without ${count} ${count === 1 ? "head" : "heads"}`, layers };
    },
    weights: (source, before) =>
      changed(source, before, {
        layer(m, name, { mixer }, index) {
          const heads = dropped.get(index);
          if (!heads || mixer.kind !== "attention") return m;
          const { queries, keys } = split(mixer, heads);
          if (name === "o") return pickHeadColumns(m, queries, mixer.headDim);
          if (OF_QUERIES.includes(name)) return pickHeadRows(m, queries, mixer.headDim);
          return [...OF_KEYS, ...OF_VALUES].includes(name) ? pickHeadRows(m, keys, mixer.headDim) : m;
        },
        form(form, name, { mixer }, index) {
          if (!form || name !== "o" || !dropped.has(index) || mixer.kind !== "attention") return form;
          return staysQuantised(form, mixer.headDim) ? form : null;
        },
      }),
  };
}

/** The heads that stay in a layer; throws where they would not be even groups. */
function keptHeads(spec: ArchSpec, layer: number, heads: number[]): { queries: number[]; keys: number[] } {
  const { mixer } = spec.layers[layer], wish = `Cannot drop heads [${heads}] of layer ${layer} of ${spec.name}`;
  if (mixer.kind !== "attention") throw new RangeError(`${wish}: its mixer is ${mixer.kind}, not softmax attention`);
  if (mixer.qkNorm === "full") {
    throw new RangeError(`${wish}: its norm goes over all heads together, so those that stay would change as well`);
  }
  if ((mixer.position ?? spec.position).kind === "alibi") {
    throw new RangeError(`${wish}: ALiBi's penalties follow from the number of heads, so those that stay would change`);
  }
  if (new Set(heads).size !== heads.length || !heads.every((h) => h < mixer.heads)) {
    throw new RangeError(`${wish}: it must be different indexes from 0 to ${mixer.heads - 1}`);
  }
  const { queries, keys, sizes } = split(mixer, heads);
  if (queries.length === 0) throw new RangeError(`${wish}: none would stay`);
  if (new Set(sizes).size > 1) {
    throw new RangeError(
      `${wish}: each head of keys and values serves ${mixer.heads / mixer.kvHeads} of them, and would be left with ` +
        `${sizes.join(", ")}; drop as many of each group, or whole groups`,
    );
  }
  return { queries, keys };
}

/** The heads that stay, and how many of queries stay with each of keys and values. */
function split({ heads, kvHeads }: AttentionSpec, dropped: number[]) {
  const each = heads / kvHeads, gone = new Set(dropped), left: number[] = Array(kvHeads).fill(0);
  const queries = range(heads).filter((head) => !gone.has(head));
  for (const head of queries) left[Math.floor(head / each)]++;
  const keys = range(kvHeads).filter((group) => left[group] > 0);
  return { queries, keys, sizes: keys.map((group) => left[group]) };
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const last = (list: unknown[]) => list.length - 1;
const divisors = (n: number) => range(n).map((i) => i + 1).filter((d) => n % d === 0).join(", ");
