/** HellaSwag on the file's own numbers: ours against llama.cpp's perplexity tool, which shares prefixes too. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChoicePrompt } from "../../../../lib/eval/prompt.ts";
import { withBos } from "../../../../lib/model/tokenizer.ts";
import { ours } from "../contestants.ts";
import { THREADS } from "../environment.ts";
import { endingRequests, goldLead, hellaswagFile, readPrintedScore } from "../hellaswag_score.ts";
import { buildLlamaPerplexity, SOURCES_VERSION } from "../llama_perplexity.ts";
import { readTokenizer } from "../model_forms.ts";
import { type BenchModel, ggufPath } from "../models.ts";
import { peakMb } from "../peer_process.ts";
import type { Contestant, RoundSample, Sample } from "../rounds.ts";
import { type Check, of, type Plan } from "../work.ts";

const mineOf = ({ format }: BenchModel) => `Archbench stored ${format}`;
const toolOf = ({ format }: BenchModel) => `llama.cpp ${format} (llama-perplexity)`;

const SETTINGS = [
  ...["--threads", String(THREADS), "--threads-batch", String(THREADS)],
  // Its context is the product of the two, and as many questions as fit in, with four sequences each, share a run. The
  // longest of all rows needs 336 tokens; its runs are of at most 512, and a larger context makes attention longer.
  ...["--parallel", "32", "--ctx-size", "16"],
  ...["--verbosity", "4"], // so that it prints its times
];

/**
 * Rows that are nearer to the other verdict than this, in nats a token, may differ between the two: the tool rounds
 * activations to 8 bits and its cache to 16. On 38 rows the leads differed by 0.03 (median) to 0.10 (largest), and from
 * those of fp32 arithmetic on the same weights by 0.03 to 0.12.
 */
const NEAR = 0.15;

interface ToolAnswer {
  part: string;
  questions: number;
  seconds: number;
  right: number;
  /** Ours only: `goldLead` of every question. */
  leads?: number[];
}

interface Part {
  name: string;
  questions: ChoicePrompt[];
}

const answer = ({ name, questions }: Part, ms: number, verdicts: Pick<ToolAnswer, "right" | "leads">): Sample => {
  const raw: ToolAnswer = { part: name, questions: questions.length, seconds: ms / 1000, ...verdicts };
  return { value: questions.length / raw.seconds, raw };
};

/** Ours by the tool's rule: the time of tokenising the texts and scoring them, as the tool's own. */
async function mine(model: BenchModel, partOf: (round: number) => Part): Promise<Contestant> {
  const tokenizer = await readTokenizer(model);
  const encode = async (texts: string[]) => (await tokenizer.encodeBatch(texts)).map((ids) => withBos(tokenizer, ids));
  const requests = (questions: ChoicePrompt[]) =>
    Promise.all(questions.map((question) => endingRequests(question, encode)));
  return ours(model, mineOf(model), "stored", "score", {
    warmUp: async (host, round) => host.score((await requests(partOf(round + 1).questions.slice(0, 1))).flat()),
    async measure(host, round) {
      const part = partOf(round), start = performance.now();
      const asked = await requests(part.questions), scores = await host.score(asked.flat());
      const ms = performance.now() - start;
      const leads = part.questions.map(({ gold }) => goldLead(scores.splice(0, asked[0].length), gold));
      return answer(part, ms, { right: leads.filter((lead) => lead > 0).length, leads });
    },
  });
}

/** The tool ends after each file, so every round starts it anew; it warms itself up once the model is loaded. */
function tool(model: BenchModel, parts: Part[], partOf: (round: number) => Part): Contestant {
  return {
    name: toolOf(model),
    async open() {
      const program = await buildLlamaPerplexity();
      const folder = await mkdtemp(join(tmpdir(), "archbench-hellaswag-"));
      const fileOf = (part: Part) => join(folder, `${parts.indexOf(part)}.txt`);
      for (const part of parts) await writeFile(fileOf(part), hellaswagFile(part.questions));
      let peak: number | null = null;
      return {
        versions: { "llama.cpp of llama-cpp-python": SOURCES_VERSION },
        peakMb: () => Promise.resolve(peak),
        async measure(round) {
          const part = partOf(round), { length } = part.questions;
          const task = ["--hellaswag", "--hellaswag-tasks", String(length), "--file", fileOf(part)];
          const child = new Deno.Command(program, {
            args: ["--model", ggufPath(model), ...task, ...SETTINGS],
            stdin: "null",
            stdout: "piped",
            stderr: "piped",
          }).spawn();
          const read = async () => {
            let text = "";
            for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
              text += chunk;
              peak = Math.max(peak ?? 0, await peakMb(child.pid) ?? 0) || null;
            }
            return text;
          };
          const [stdout, stderr] = await Promise.all([read(), new Response(child.stderr).text(), child.status]);
          const { right, ms } = readPrintedScore(stdout, stderr, length);
          return answer(part, ms, { right });
        },
        close: () => rm(folder, { recursive: true }),
      };
    },
  };
}

/** The tool prints how many were right, not which: the two may differ by no more rows than are near. */
function sameAccuracy(samples: RoundSample[], mine: string, tool: string): Check[] {
  const theirs = of(samples, tool),
    pairs = of(samples, mine).flatMap((a) => {
      const b = theirs.find(({ round }) => round === a.round);
      return b ? [{ a: a.raw as ToolAnswer, b: b.raw as ToolAnswer }] : [];
    });
  if (!pairs.length) return [];
  const sum = (value: (pair: typeof pairs[number]) => number) => pairs.reduce((n, pair) => n + value(pair), 0);
  const near = ({ a }: typeof pairs[number]) => a.leads!.filter((lead) => Math.abs(lead) < NEAR).length;
  const rows = sum(({ a }) => a.questions), percent = (n: number) => `${(100 * n / rows).toFixed(1)} %`;
  return [{
    what: `right answers by llama.cpp's rule (largest mean log-probability of a token), ${tool} against ${mine}`,
    ok: pairs.every((pair) => Math.abs(pair.a.right - pair.b.right) <= near(pair)),
    detail: `${percent(sum(({ b }) => b.right))} against ${percent(sum(({ a }) => a.right))} of ${rows} rows; ` +
      `${sum(near)} of them are within ${NEAR} nats a token of the other verdict`,
  }];
}

/** What the HellaSwag work has besides lm-eval: the same rows by llama.cpp's rule on the stored weights. */
export async function againstTool(
  model: BenchModel,
  parts: Part[],
): Promise<Pick<Plan, "contestants" | "goals" | "checks">> {
  const partOf = (round: number) => parts[round % parts.length];
  return {
    contestants: [await mine(model, partOf), tool(model, parts, partOf)],
    goals: [{ ours: mineOf(model), against: toolOf(model), least: null }],
    checks: (samples) => sameAccuracy(samples, mineOf(model), toolOf(model)),
  };
}
