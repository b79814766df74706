/** The facts of a card in words: a label and a value each, and a table of precisions. */
import { textWidth } from "../../progress.ts";
import { formatNumber } from "../format.ts";
import type { Cell, TableSpec } from "../table.ts";
import type { CardFacts, CardPrecision } from "./facts.ts";
import { amount, bytes, count, parametersWords, sourceWords, templateWords, tokenizerWords } from "./words.ts";

/** What is shown in few words above all else. */
export function cardTitle({ name, hub }: Pick<CardFacts, "name" | "hub">): string {
  return hub ? `${name} (hf:${hub.repo})` : name;
}

export function cardLines(facts: CardFacts): [label: string, value: string][] {
  const { spec, parameters, activeParameters, flopsPerToken, cacheBytesPerToken, contextLength, hub } = facts;
  const active = activeParameters < parameters ? `, ${parametersWords(activeParameters)} for each token` : "";
  const layers = spec.layers.length === 1 ? "1 layer" : `${spec.layers.length} layers`;
  return [
    ["parameters", `${parametersWords(parameters)}${active} (${count(parameters)})`],
    ["shape", `${layers} of ${count(spec.hiddenSize)}, context ${count(spec.contextLength)} tokens`],
    ["tokenizer", tokenizerWords(facts.tokenizer, spec.vocabSize)],
    ...(facts.stored ? [["chat template", templateWords(facts.stored.chatTemplate)] as [string, string]] : []),
    ["weights", weightsWords(facts)],
    ["source", hub ? sourceWords(hub) : facts.source],
    ["licence", facts.license ? `${facts.license} (by ${facts.licenseFrom})` : "not named; ask who made it"],
    [
      "FLOPs a token",
      `${amount(flopsPerToken.first)} at the start, ${amount(flopsPerToken.last)} behind ${
        count(contextLength)
      } tokens`,
    ],
    ["cache a token", cacheBytesPerToken ? bytes(cacheBytesPerToken) : "none: its states do not grow"],
  ];
}

function weightsWords({ stored, source, storedAs }: CardFacts): string {
  if (!stored) return source;
  const all = stored.formats.reduce((sum, { values }) => sum + values, 0);
  const share = (values: number) => `${(100 * values / all).toPrecision(values / all < 0.1 ? 1 : 2)} %`;
  const formats = stored.formats.length === 1
    ? stored.formats[0].format
    : stored.formats.map(({ format, values }) => `${format} ${share(values)}`).join(", ");
  const files = stored.files.length === 1 ? stored.files[0] : `${stored.files.length} files`;
  const name = storedAs?.split(",")[0];
  const called = name && stored.formats.length > 1 ? ` ${name}` : "";
  return `${stored.form}${called}, ${bytes(stored.bytes)} in ${files}; ${formats}: ` +
    `${stored.bitsPerWeight.toFixed(2)} bits a weight`;
}

/** What runs, in which precision, in how much memory. */
export function precisionTable(
  { precisions, machine, contextLength }: Pick<CardFacts, "precisions" | "machine" | "contextLength">,
): TableSpec {
  const speeds = precisions.some(({ decodeTokensPerS }) => decodeTokensPerS);
  const fits = (p: CardPrecision): Cell => {
    if (p.memoryBytes === null) return "not known";
    return p.memoryBytes <= machine.memoryBytes ? { main: "yes", tone: "good" } : { main: "no", tone: "bad" };
  };
  const rows = precisions.map((p): Cell[] => [
    p.precision,
    p.providers.join(", ") || "none yet",
    p.weightBytes === null ? "—" : bytes(p.weightBytes),
    p.memoryBytes === null ? "—" : bytes(p.memoryBytes),
    fits(p),
    ...(speeds ? [p.decodeTokensPerS ? range(p.decodeTokensPerS) : "—"] : []),
  ]);
  return {
    columns: [
      { title: "precision" },
      { title: "runs on", align: "left" },
      { title: "weights" },
      { title: "memory" },
      { title: "fits", align: "left" },
      ...(speeds ? [{ title: "decode (tok/s)" }] : []),
    ],
    rows,
    notes: [
      `Memory: the most while it loads or runs, one sequence of ${count(contextLength)} tokens; fits: into the ` +
      `${bytes(machine.memoryBytes)} of ${machine.name}. All of it is predicted.`,
    ],
  };
}

function range({ low, high }: { low: number; high: number }): string {
  return `${formatNumber(low)} to ${formatNumber(high)}`;
}

/** Text in lines of at most so many columns, broken at spaces, and in words that are longer than a line. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").flatMap((word) => piecesOf(word, columns))) {
    const joined = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && textWidth(joined) <= columns) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines;
}

function piecesOf(word: string, columns: number): string[] {
  const pieces = [""];
  for (const character of word) {
    if (textWidth(pieces.at(-1)! + character) > columns) pieces.push(character);
    else pieces[pieces.length - 1] += character;
  }
  return pieces;
}
