/** Numbers and facts in the words of a card. */
import type { HubSource } from "../../arch/origin.ts";
import type { TokenizerFacts } from "../../model/tokenizer_facts.ts";
import { formatNumber } from "../format.ts";

export const count = (n: number) => n.toLocaleString("en-US");

export function sourceWords({ repo, revision, commit }: HubSource): string {
  return `hf:${repo}, ${revision} is commit ${commit.slice(0, 12)}`;
}

export function tokenizerWords(tokenizer: TokenizerFacts | string, vocabSize: number): string {
  if (typeof tokenizer === "string") return `cannot be used: ${tokenizer}`;
  const { kind, entries, bos, eos, ends, addsBos } = tokenizer;
  const room = entries < vocabSize ? ` of ${count(vocabSize)} ids` : "";
  const more = ends.filter((end) => end !== eos);
  return [
    `${kind}, ${count(entries)} entries${room}`,
    bos === null ? "no BOS" : `BOS ${bos}${addsBos ? ", which starts every text" : ""}`,
    eos === null ? "no EOS" : `EOS ${eos}`,
    ...(more.length ? [`${more.join(" ")} ${more.length > 1 ? "end" : "ends"} a text too`] : []),
  ].join("; ");
}

export function templateWords(length: number | null): string {
  return length === null ? "none: a base model, or its files leave it out" : `yes, ${count(length)} characters`;
}

/** Millions and billions, as models are called. */
export function parametersWords(parameters: number): string {
  return amount(parameters).replace(/ G$/, " B");
}

/** 135 M, 1.24 G. */
export function amount(value: number): string {
  for (const [unit, size] of [["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (value >= size) return `${formatNumber(value / size)} ${unit}`;
  }
  return String(Math.round(value));
}

export function bytes(value: number): string {
  return value < 1e3 ? `${Math.round(value)} bytes` : `${amount(value)}B`;
}
