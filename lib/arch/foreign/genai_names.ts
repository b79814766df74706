/** The names that genai_config.json gives to a graph's inputs and outputs: https://onnxruntime.ai/docs/genai/reference/config.html */
import type { HfConfig } from "../hf/config.ts";

/** Names of one graph, where files beside it say them. */
export interface SaidNames {
  ids?: string;
  mask?: string;
  positions?: string;
  logits?: string;
  /** What a state is called before and after a run, "%d" for the layer: [past, present]. */
  states: [past: string, present: string][];
  /** Whether keys and values may lie in one buffer before and after a run; null: not said. */
  sharesBuffers: boolean | null;
}

/** The states that genai names, by the word in its keys: `past_key_names` and `present_key_names`. */
const STATES = ["key", "value", "conv", "recurrent", "conv_state", "recurrent_state"];

export function genaiNames(config: HfConfig): SaidNames {
  const decoder = config.inner("model")?.inner("decoder");
  const inputs = decoder?.inner("inputs"), outputs = decoder?.inner("outputs"), search = config.inner("search");
  const name = (of: HfConfig | null | undefined, key: string) => of?.has(key) ? of.text(key) : undefined;
  const states = STATES.flatMap((state): [string, string][] => {
    const past = name(inputs, `past_${state}_names`), present = name(outputs, `present_${state}_names`);
    return past !== undefined && present !== undefined ? [[past, present]] : [];
  });
  return {
    ids: name(inputs, "input_ids"),
    mask: name(inputs, "attention_mask"),
    positions: name(inputs, "position_ids"),
    logits: name(outputs, "logits"),
    states,
    sharesBuffers: search?.has("past_present_share_buffer") ? search.flag("past_present_share_buffer", false) : null,
  };
}

/** What a state that is read under this name comes out as, where the names say it. */
export function presentOf(past: string, { states }: SaidNames): string | undefined {
  for (const [before, after] of states) {
    const [start, end = ""] = before.split("%d");
    if (!past.startsWith(start) || !past.endsWith(end) || past.length < start.length + end.length) continue;
    const layer = past.slice(start.length, past.length - end.length);
    if (before.includes("%d") ? /^\d+$/.test(layer) : layer === "") return after.replace("%d", layer);
  }
  return undefined;
}
