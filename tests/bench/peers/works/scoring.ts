/** Whole tasks against lm-eval's engine, HellaSwag also against llama.cpp: the same texts, a part of them in each round. */
import { readQuestions, requestsOf } from "../../../../lib/eval/questions.ts";
import { findTask } from "../../../../lib/eval/registry.ts";
import type { ChoicePrompt } from "../../../../lib/eval/prompt.ts";
import type { ScoredTask } from "../../../../lib/eval/task.ts";
import { scoreInBatches } from "../../../../lib/eval/score_in_batches.ts";
import type { SelectedRow } from "../../../../lib/eval/select_rows.ts";
import type { ModelHost } from "../../../../lib/model/protocol.ts";
import { readSplit } from "../../../../lib/store/dataset.ts";
import { ours, peer } from "../contestants.ts";
import type { Contestant, RoundSample } from "../rounds.ts";
import { type Check, of, type Plan, type Settings, type Work } from "../work.ts";
import { againstTool } from "./hellaswag_tool.ts";

const MINE = "Archbench fp32", PEER = "lm-eval (transformers, torch)";
const TOLERANCE = 1e-3;

/** What one round scores. */
interface Part {
  name: string;
  rows: SelectedRow[];
}

interface Times {
  part: string;
  questions: number;
  seconds: number;
}

interface ScoringAnswer extends Times {
  logLikelihoods: number[];
}

/** A subject a round. */
async function mmluParts(subjects: string[]): Promise<Part[]> {
  const { rows, indexes } = await readSplit("mmlu", {
    split: findTask("mmlu").split,
  });
  const known = [...new Set(rows.map((row) => String(row.subject)))].sort();
  return subjects.map((name) => {
    if (!known.includes(name)) {
      throw new RangeError(
        `Unknown MMLU subject "${name}"; there are: ${known.join(", ")}`,
      );
    }
    const all = rows.map((row, i) => ({ row, index: indexes[i] }));
    return { name, rows: all.filter(({ row }) => row.subject === name) };
  });
}

/** Rows of HellaSwag in parts of at most 50. */
async function hellaswagParts(limit: number): Promise<Part[]> {
  const { rows, indexes } = await readSplit("hellaswag", {
    split: findTask("hellaswag").split,
    limit,
  });
  const all = rows.map((row, i) => ({ row, index: indexes[i] })),
    size = Math.min(50, Math.ceil(all.length / 2));
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => {
    const part = all.slice(i * size, (i + 1) * size);
    return {
      name: `rows ${i * size}-${i * size + part.length - 1}`,
      rows: part,
    };
  });
}

interface ScoringSettings {
  task: string;
  shots: number;
  /** The goal against lm-eval. */
  least(settings: Settings): number;
  parts(settings: Settings): Promise<Part[]>;
  /** Which rows. */
  about(settings: Settings): string;
  /** Further contestants that answer the same questions, with raw answers that have times. */
  others?: typeof againstTool;
}

function scoringWork({ task, shots, least, parts, about, others }: ScoringSettings): Work {
  return {
    name: task,
    title: () => `${task}, ${shots} shots`,
    unit: "questions/s",
    async plan(settings): Promise<Plan> {
      const all = await parts(settings);
      // Questions are made once, outside of everyone's times: they are the same strings.
      const asked = await Promise.all(
        all.map(async ({ rows }) => (await readQuestions(findTask(task) as ScoredTask, rows, shots)).questions),
      );
      const noHost = null as unknown as ModelHost; // choices need none
      const units = await Promise.all(asked.map((questions) => requestsOf(noHost, questions)));
      const more = await others?.(
        settings.model,
        all.map(({ name }, i) => ({
          name,
          questions: asked[i].map(({ prompt }) => prompt as ChoicePrompt),
        })),
      );
      const answer = (round: number, ms: number, logLikelihoods: number[]) => {
        const part = round % all.length,
          questions = units[part].length,
          seconds = ms / 1000;
        const raw: ScoringAnswer = {
          part: all[part].name,
          questions,
          seconds,
          logLikelihoods,
        };
        return { value: questions / seconds, raw };
      };
      const few = (round: number) => units[(round + 1) % units.length].slice(0, 1);
      const mine = ours(settings.model, MINE, "fp32", "score", {
        warmUp: (host, round) => scoreInBatches([host], few(round), { bar: silent }),
        async measure(host, round) {
          const start = performance.now();
          const scores = await scoreInBatches([host], units[round % units.length], { bar: silent });
          const ms = performance.now() - start;
          return answer(
            round,
            ms,
            scores.flatMap((s) => "refused" in s ? [NaN] : s.map((one) => one.logLikelihood)),
          );
        },
      });
      const theirs = peer(settings.model, PEER, "lmEval", {
        warmUp: (p, round) =>
          p.call("loglikelihood", {
            requests: few(round).flatMap((u) => u.requests),
          }),
        async measure(p, round) {
          const requests = units[round % units.length].flatMap((u) => u.requests);
          const got = await p.call<
            { startMs: number; endMs: number; logLikelihoods: number[] }
          >("loglikelihood", {
            requests,
          });
          return answer(round, got.endMs - got.startMs, got.logLikelihoods);
        },
      });
      const rounds = settings.rounds ?? all.length, contestants = [mine, theirs, ...more?.contestants ?? []];
      return {
        rounds,
        blocks: settings.blocks ?? rounds,
        contestants,
        goals: [{ ours: MINE, against: PEER, least: least(settings) }, ...more?.goals ?? []],
        checks: (samples) => [...equalScores(samples), ...more?.checks(samples) ?? []],
        facts: (samples) => [about(settings), totals(samples, contestants)],
      };
    },
  };
}

const silent = { update() {}, finish() {} };

/** The largest difference of a log-likelihood. */
function equalScores(samples: RoundSample[]): Check[] {
  const theirs = of(samples, PEER);
  if (!theirs.length) return [];
  let worst = 0, count = 0;
  for (const { round, raw } of of(samples, MINE)) {
    const want = (theirs.find((s) => s.round === round)?.raw as ScoringAnswer | undefined)?.logLikelihoods;
    (raw as ScoringAnswer).logLikelihoods.forEach((value, i) => {
      if (!want) return;
      const difference = Math.abs(value - want[i]);
      worst = Number.isFinite(difference) ? Math.max(worst, difference) : Infinity;
      count++;
    });
  }
  return [{
    what: `log-likelihoods, ${PEER} against ${MINE}`,
    ok: count > 0 && worst <= TOLERANCE,
    detail: `largest difference of ${count}: ${worst.toExponential(1)} (at most ${TOLERANCE})`,
  }];
}

/** Over all parts: what a user waits. */
function totals(samples: RoundSample[], contestants: Contestant[]): string {
  return contestants.flatMap(({ name }) => {
    const all = of(samples, name).map((s) => s.raw as Times);
    if (!all.length) return [];
    const questions = all.reduce((n, a) => n + a.questions, 0),
      seconds = all.reduce((n, a) => n + a.seconds, 0);
    return `${name}: ${questions} questions in ${seconds.toFixed(1)} s, ${(seconds / questions).toFixed(3)} s each`;
  }).join("; ");
}

export const scoringWorks: Work[] = [
  scoringWork({
    task: "mmlu",
    shots: 5,
    least: () => 10,
    parts: ({ subjects }) => mmluParts(subjects),
    about: ({ subjects }) => `whole subjects: ${subjects.join(", ")}`,
  }),
  scoringWork({
    task: "hellaswag",
    shots: 0,
    least: ({ model }) => model.goals.hellaswag,
    parts: ({ rows }) => hellaswagParts(rows),
    about: ({ rows }) => `the first ${rows} rows`,
    others: againstTool,
  }),
];
