/**
 * HellaSwag as llama.cpp's perplexity tool does it (`hellaswag_score` in its tools/perplexity/perplexity.cpp): the file
 * that it reads, what it prints, and its rule for a right answer, which is neither lm-eval's acc nor its acc_norm.
 */
import type { ChoicePrompt } from "../../../lib/eval/prompt.ts";
import type { ScoreRequest, ScoreResult } from "../../../lib/model/log_likelihood.ts";

const ENDINGS = 4;

/**
 * Questions as the tool's file: six lines each, which are the text, the gold ending's index and the endings. It puts a
 * space between text and ending, as lm-eval does.
 *
 * @throws {RangeError} For a question of another number of endings, or with a line break in it.
 */
export function hellaswagFile(questions: ChoicePrompt[]): string {
  return questions.map(({ context, choices, gold }, i) => {
    if (choices.length !== ENDINGS) {
      throw new RangeError(
        `Cannot write question ${i} for llama.cpp: it has ${choices.length} endings, not ${ENDINGS}`,
      );
    }
    const lines = [context, String(gold), ...choices];
    const broken = lines.find((line) => line.includes("\n"));
    if (broken !== undefined) {
      throw new RangeError(`Cannot write question ${i} for llama.cpp: ${JSON.stringify(broken)} has a line break`);
    }
    return lines.map((line) => line + "\n").join("");
  }).join("");
}

export interface PrintedScore {
  right: number;
  /** Time from the end of loading and warm-up: tokenising and scoring. */
  ms: number;
}

/**
 * What the tool printed: a line with the accuracy so far for every question on stdout, its times on stderr.
 *
 * @throws {Error} If it did not answer all `questions`, or printed no time.
 */
export function readPrintedScore(stdout: string, stderr: string, questions: number): PrintedScore {
  const last = [...stdout.matchAll(/^(\d+)\t\s*([\d.]+)%/gm)].at(-1);
  const total = stderr.match(/total time =\s*([\d.]+) ms/);
  if (last && total && Number(last[1]) === questions) {
    return { right: Math.round(questions * Number(last[2]) / 100), ms: Number(total[1]) };
  }
  const lines = stderr.trim().split("\n"), complaint = lines.findLast((line) => / E /.test(line)) ?? lines.at(-1);
  throw new Error(`llama.cpp's perplexity tool answered ${last?.[1] ?? 0} of ${questions} questions: ${complaint}`);
}

/** What the tool scores of a question: each ending from the first token that not all four whole texts share. */
export async function endingRequests(
  { context, choices }: ChoicePrompt,
  encode: (texts: string[]) => Promise<number[][]>,
): Promise<ScoreRequest[]> {
  const whole = await encode(choices.map((choice) => `${context} ${choice}`));
  const differs = whole[0].findIndex((id, i) => whole.some((ids) => ids[i] !== id));
  const shared = differs < 0 ? whole[0].length : differs;
  return whole.map((ids) => ({ contextIds: ids.slice(0, shared), continuationIds: ids.slice(shared) }));
}

/**
 * How far the gold ending is ahead of the best other one, in nats a token: the tool takes the ending with the largest
 * mean log-probability of its tokens. Above 0 the question is right.
 */
export function goldLead(scores: ScoreResult[], gold: number): number {
  const means = scores.map(({ logLikelihood, tokens }) => logLikelihood / tokens);
  return means[gold] - Math.max(...means.filter((_, i) => i !== gold));
}
