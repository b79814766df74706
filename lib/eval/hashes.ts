/** lm-eval's hashes of documents, prompts and targets: equal hashes mean that the very same text was evaluated. */
import { createHash } from "node:crypto";
import type { Row } from "./types.ts";

/** SHA-256 of the UTF-8 text, in hexadecimal: lm-eval's `prompt_hash` of a context. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/**
 * Hash of what the model was asked for one item, in order: each request's context and continuation. Equal hashes mean
 * that two results asked the same, with the same choices and delimiter.
 */
export function requestHash(requests: readonly { context: string; continuation: string }[]): string {
  const contexts = new Map<string, string>(); // the choices of a question share theirs
  const parts = requests.map(({ context, continuation }) => {
    const hash = contexts.get(context) ?? sha256(context);
    contexts.set(context, hash);
    return [hash, continuation];
  });
  return sha256(JSON.stringify(parts));
}

/** lm-eval's `target_hash`: of the right choice's index as a string, or of the right continuation. */
export function targetHash(target: number | string): string {
  return sha256(String(target));
}

/**
 * lm-eval's `doc_hash`: of Python's `json.dumps(doc, indent=2, ensure_ascii=False)`.
 * It depends on the order of the keys: the dataset's columns, then what the task adds.
 */
export function docHash(doc: Row): string {
  return sha256(JSON.stringify(doc, null, 2));
}

/** lm-eval's `task_hash`: of all document, prompt and target hashes joined, in the order of the documents. */
export function taskHash(items: Iterable<{ docHash: string; promptHash: string; targetHash: string }>): string {
  const hash = createHash("sha256");
  for (const item of items) hash.update(item.docHash + item.promptHash + item.targetHash);
  return hash.digest("hex");
}
