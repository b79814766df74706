/**
 * Tokenizers of which a text can be cut before a space: encode(a + b) is encode(a) followed by encode(b) for every `a`
 * that does not end with white space and every `b` that starts with a space. What two texts share at their start is
 * then encoded once, and so is a word that many texts have.
 */
import { isBpe } from "./tokenizer_json.ts";

type Json = Record<string, unknown>;

/** White space by Unicode (old versions too), by ECMAScript, and control characters: more than any regex takes for it. */
// deno-lint-ignore no-control-regex
const WHITE = /[\s\x00-\x20\x85\u180e]/;

/** Whether a text can be cut before a space at this place: what stands before it is not white space. */
export function cutsBefore(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  return before > 32 && before < 127 || (at > 0 && !WHITE.test(text[at - 1]));
}

/**
 * Whether texts can be cut there: BPE whose pre-tokenizer starts a piece at every such space, with nothing that changes
 * the text across it and no added token that holds or eats white space. Of what is not known the answer is no.
 *
 * @param tokenizer A tokenizer.json.
 */
export function cutsAtSpaces({ model, normalizer, pre_tokenizer, added_tokens }: Json): boolean {
  const added = (added_tokens ?? []) as Json[];
  return isBpe(model) && !(model as Json).dropout && keepsSpacesApart(normalizer) && startsPieces(pre_tokenizer) &&
    added.every((t) => typeof t.content === "string" && !WHITE.test(t.content)) &&
    !added.some((t) => t.lstrip || t.rstrip || t.single_word);
}

/** Whether a normalizer treats what stands before and behind a space apart. In NFC a space joins nothing before it. */
function keepsSpacesApart(normalizer: unknown): boolean {
  return (listOf(normalizer, "normalizers") ?? []).every((step) => step.type === "NFC");
}

/** Whether a piece starts at every space behind another character. */
function startsPieces(preTokenizer: unknown): boolean {
  const steps = listOf(preTokenizer, "pretokenizers") ?? [], at = steps.findIndex(isCutting);
  return at >= 0 && steps.slice(0, at).every(isOfCharacters) && steps.slice(at + 1).every(isOfPieces);
}

/** A step that starts a piece at every such space. */
function isCutting(step: Json): boolean {
  if (step.type === "ByteLevel") return step.add_prefix_space === false && step.use_regex !== false; // GPT-2's regex
  return isKnownSplit(step) && alternativesOf(String((step.pattern as Json).Regex)).includes("\\s+");
}

/** A step before it whose pieces are the same, but that a later one cuts, whatever stands behind such a space. */
function isOfCharacters(step: Json): boolean {
  return step.type === "Digits" || isKnownSplit(step);
}

/** A step behind it that treats every piece alike, wherever it stands. */
function isOfPieces({ type, add_prefix_space }: Json): boolean {
  return type === "Split" || type === "Digits" || (type === "ByteLevel" && add_prefix_space === false);
}

/** The steps of a sequence, or the one step; null where there is none. */
function listOf(step: unknown, key: string): Json[] | null {
  if (typeof step !== "object" || step === null) return null;
  const { type, [key]: list } = step as Json;
  if (type !== "Sequence") return [step as Json];
  return Array.isArray(list) ? [...list as Json[]] : null;
}

/** A split of whose regex all alternatives are of the two sorts below. */
function isKnownSplit({ type, pattern, behavior, invert }: Json): boolean {
  const regex = (pattern as Json | undefined)?.Regex;
  return type === "Split" && behavior === "Isolated" && !invert && typeof regex === "string" &&
    alternativesOf(regex).every((alternative) => OF_SPACES.has(alternative) || OF_OTHERS.test(alternative));
}

/** Alternatives that match white space alone, and look no further than one character beyond it. */
const OF_SPACES = new Set(["\\s+(?!\\S)", "\\s+", "\\s*[\\r\\n]+", "\\s*[\\r\\n]", "\\s*[\r\n]+", "\\s+$"]);

/** Kinds of characters of which U+0020 is none: letters, marks, numbers, punctuation, symbols. */
const KIND = String.raw`\\p\{[LMNPS][a-z]?\}`;
/** What may stand in a class: a kind, a line break or tab (of no range), what has a backslash, any character but space. */
const MEMBER = String.raw`(?:${KIND}|(?:\\[rnt]|[\r\n])(?!-)|\\[^\w\s]|[^\\\[\]\s])`;
/**
 * Alternatives that match a space at their first place only and look at nothing beyond their end: one character of any
 * sort or none, then classes without the space, single characters, groups and counts.
 */
const OF_OTHERS = new RegExp(
  String.raw`^(?: \?|\\s\?|\[\^${MEMBER}+\]\?\+?)?` +
    String.raw`(?:\[\^\\s${MEMBER}*\]|\[(?!\^)${MEMBER}+\]|${KIND}|\\[^\w\s]|[^\\\[\](){}?*+|^$.\s]|` +
    String.raw`\(\?i?:|\((?!\?)|\)|\||[?*+]|\{\d+(?:,\d*)?\})+$`,
);

/** The alternatives of a regex at its top. */
function alternativesOf(regex: string): string[] {
  const parts: string[] = [];
  let depth = 0, from = 0;
  for (const { 0: token, index } of regex.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|[()|]/gs)) {
    if (token === "(") depth++;
    if (token === ")") depth--;
    if (token !== "|" || depth > 0) continue;
    parts.push(regex.slice(from, index));
    from = index + 1;
  }
  return [...parts, regex.slice(from)];
}
