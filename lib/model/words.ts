/** Texts encoded word by word, each word once: for tokenizers of which a text can be cut before a space. */
import { cutsBefore } from "./space_cuts.ts";

/** Words whose ids are kept; texts of one language share nearly all of theirs. */
const MOST_KEPT = 2 ** 16;
/** Characters of a word that is kept. V8 copies so short a piece; a longer one would keep its whole text in memory. */
const LONGEST_KEPT = 12;

type EncodeBatch = (texts: string[]) => Promise<number[][]>;

/** The same encoder, several times as fast: what the words of a list have in common is encoded once. */
export function byWords(encodeBatch: EncodeBatch): EncodeBatch {
  const kept = new Map<string, number[]>();
  return async (texts) => {
    /** Words that are not kept, with lists that are filled below. */
    const fresh = new Map<string, number[]>();
    const idsOf = (word: string) => {
      let ids = kept.get(word) ?? fresh.get(word);
      if (!ids) fresh.set(word, ids = []);
      return ids;
    };
    const lists = texts.map((text) => wordsOf(text).map(idsOf));
    const words = [...fresh.keys()];
    const encoded = words.length ? await encodeBatch(words) : [];
    if (kept.size + words.length > MOST_KEPT) kept.clear();
    words.forEach((word, i) => {
      const ids = fresh.get(word)!;
      for (const id of encoded[i]) ids.push(id);
      if (word.length <= LONGEST_KEPT && kept.size < MOST_KEPT) kept.set(word, ids);
    });
    return lists.map(joined);
  };
}

/** The pieces of a text between its cuts: a word mostly, with the space before it. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  let from = 0;
  for (let at = text.indexOf(" ", 1); at > 0; at = text.indexOf(" ", at + 1)) {
    if (!cutsBefore(text, at)) continue;
    words.push(text.slice(from, at));
    from = at;
  }
  words.push(text.slice(from));
  return words;
}

function joined(lists: number[][]): number[] {
  const all: number[] = [];
  for (const list of lists) for (let i = 0; i < list.length; i++) all.push(list[i]);
  return all;
}
