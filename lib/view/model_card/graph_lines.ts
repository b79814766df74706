/** The facts of a graph that another program made, in words. */
import type { DecodeWay } from "../../model/info.ts";
import { cacheShapes, type GraphCardFacts } from "./graph_facts.ts";
import { amount, bytes, count, parametersWords, sourceWords, templateWords, tokenizerWords } from "./words.ts";

/** Operators that are named; the rest is counted. */
const NAMED = 6;
const WAYS: Record<DecodeWay, string> = {
  loop: "in a loop inside the graph",
  step: "by a run of the graph for each token",
};

export function graphLines(facts: GraphCardFacts): [label: string, value: string][] {
  const { graph, flopsPerToken, cacheBytesPerToken, contextLength, chatTemplate, ways, hub } = facts;
  const { vocabSize } = graph.facts;
  return [
    ["graph", graphWords(facts)],
    ["parameters", weightWords(facts)],
    ["shape", shapeWords(facts)],
    ["reads", readsWords(facts)],
    ["tokenizer", tokenizerWords(facts.tokenizer, vocabSize)],
    ["chat template", templateWords(chatTemplate)],
    ["files", facts.files.map(({ name, bytes: size }) => `${name}, ${bytes(size)}`).join("; ")],
    ...(graph.notes ?? []).map((note): [string, string] => ["beside it", note]),
    ...(hub ? [["source", sourceWords(hub)] as [string, string]] : []),
    ["licence", licenceWords(facts)],
    [
      "decodes",
      `${ways.map((way) => WAYS[way]).join(", or ")}${ways.includes("loop") ? "" : "; it runs as it was made"}`,
    ],
    [
      "FLOPs a token",
      typeof flopsPerToken === "string"
        ? `not known: ${flopsPerToken}`
        : `${amount(flopsPerToken.first)} at the start, ${amount(flopsPerToken.last)} behind ${
          count(contextLength)
        } tokens`,
    ],
    ["cache a token", cacheBytesPerToken ? bytes(cacheBytesPerToken) : "none"],
  ];
}

function licenceWords({ hub, license }: GraphCardFacts): string {
  if (hub?.license) return `${hub.license} (by its card on the hub)`;
  return license ? `${license} (by the folder's README)` : "not named; ask who made it";
}

function graphWords({ opsets, nodes, operators, graph }: GraphCardFacts): string {
  const named = operators.slice(0, NAMED).map(([operator, n]) => `${count(n)} ${operator}`);
  const rest = operators.length - named.length;
  const sets = opsets.map(([domain, version]) => `${domain || "ai.onnx"} ${version}`);
  const of = graph.facts.architecture ? `of ${graph.facts.architecture}, ` : "";
  return `ONNX ${of}${count(nodes)} nodes: ${named.join(", ")}${
    rest > 0 ? ` and ${rest} other operators` : ""
  }; opset ` +
    sets.join(", ");
}

function weightWords({ parameters, graph: { weights } }: GraphCardFacts): string {
  const forms = Object.entries(weights.forms ?? {}), all = forms.reduce((sum, [, n]) => sum + n, 0);
  const shares = forms.length > 1
    ? `: ${forms.sort((a, b) => b[1] - a[1]).map(([form, n]) => `${form} ${percent(n / all)}`).join(", ")}`
    : ` of ${weights.type}`;
  const twice = (weights.twice ?? []).map(({ names, bytes: size }) =>
    `; ${names.join(" and ")} hold the same ${bytes(size)}, compared number by number, and count once`
  );
  return `${parametersWords(parameters)} (${count(parameters)}), ${bytes(weights.bytes)}${shares}${twice.join("")}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 || share > 0.9 ? 1 : 0)} %`;
}

function shapeWords({ graph: { facts, layout } }: GraphCardFacts): string {
  const grown = layout.caches.filter(({ dims }) => dims.length === 3 && dims[1] === "slots");
  const layers = facts.layers ?? Math.ceil(layout.caches.length / 2);
  const [kvHeads, , headDim] = grown[0]?.dims ?? [facts.kvHeads, null, facts.headDim];
  return [
    layers ? (layers === 1 ? "1 layer" : `${layers} layers`) : "layers not told",
    ...(facts.heads ? [`${facts.heads} heads`] : []),
    ...(typeof kvHeads === "number" && typeof headDim === "number" ? [`${kvHeads} of keys, of ${headDim}`] : []),
    `context ${count(facts.contextLength)} tokens`,
    `vocabulary ${count(facts.vocabSize)}`,
  ].join(", ");
}

function readsWords({ graph: { layout } }: GraphCardFacts): string {
  const { ids, mask, positions, caches, logits } = layout;
  const inputs = [`${ids.name} (${ids.type})`, ...[mask, positions].flatMap((input) => input ? [input.name] : [])];
  const shapes = cacheShapes(caches).map(({ count: n, type, shape }) => `${n} caches ${type} [${shape}]`);
  return `${[...inputs, ...shapes].join(", ")}${caches.length ? "" : ", whole sequences: it has no caches"}; gives ` +
    `${logits.name} (${logits.type})`;
}
