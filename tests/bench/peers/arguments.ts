/** The command line of the bench: names of works and options. */
import { MODELS } from "./models.ts";
import type { Settings } from "./work.ts";

export interface Arguments extends Settings {
  /** Names of the works to do, in their own order. */
  works: string[];
  /** Folder that peers.json and peers.md are written to. */
  out: string;
  lock?: string;
}

const OPTIONS = {
  rounds: "rounds of each work (default: 12 for the short ones, a part of the task each for the long ones)",
  blocks: "blocks of them; processes are started anew in each (default 6, at most the rounds)",
  subjects: "MMLU subjects, with commas between",
  rows: "HellaSwag rows (default 200)",
  problems: "HumanEval problems (default 20)",
  seed: "of orders, prompts and draws (default 0)",
  out: "folder of peers.json and peers.md (default data)",
  lock: "a file that is locked while the rounds of a block run, so that two benches on one machine wait for each other",
};
export const DEFAULT_SUBJECTS = [
  "abstract_algebra",
  "anatomy",
  "astronomy",
  "business_ethics",
  "college_biology",
];

/**
 * Read the arguments. The first may name a model, else it is SmolLM2. A work is named in full (`decode-int4`) or by its
 * first word (`decode`); none means all that the model has.
 *
 * @throws {RangeError} For an unknown work or option, or a number out of range; the message lists what there is.
 */
export function parseArguments(given: string[], out: string): Arguments {
  const named = MODELS.find(({ word }) => word === given[0]), model = named ?? MODELS[0], { works } = model;
  const args = given.slice(named ? 1 : 0);
  const parsed: Arguments = {
    model,
    works: [],
    subjects: DEFAULT_SUBJECTS,
    rows: 200,
    problems: 20,
    seed: 0,
    out,
  };
  const chosen = new Set<string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (!arg.startsWith("--")) {
      const matching = works.filter((work) => work === arg || work.startsWith(`${arg}-`));
      if (!matching.length) {
        throw new RangeError(
          `Unknown work "${arg}"; ${model.word} has ${works.join(", ")}; before them a model may stand, of ` +
            MODELS.map(({ word }) => word).join(", "),
        );
      }
      matching.forEach((work) => chosen.add(work));
      continue;
    }
    const [name, inline] = arg.slice(2).split(/=(.*)/s),
      value = inline ?? args[++i];
    if (!Object.hasOwn(OPTIONS, name)) {
      const list = Object.entries(OPTIONS).map(([key, about]) => `\n  --${key}: ${about}`).join("");
      throw new RangeError(`Unknown option "--${name}"; there are:${list}`);
    }
    if (value === undefined || value === "") {
      throw new RangeError(
        `Option --${name} needs a value: ${OPTIONS[name as keyof typeof OPTIONS]}`,
      );
    }
    if (name === "subjects") {
      parsed.subjects = [
        ...new Set(value.split(",").map((s) => s.trim()).filter(Boolean)),
      ];
    } else if (name === "out") parsed.out = value;
    else if (name === "lock") parsed.lock = value;
    else setNumber(parsed, name as NumberOption, value);
  }
  if (parsed.subjects.length < 2) {
    throw new RangeError(
      `--subjects needs at least 2 names: one has no interval`,
    );
  }
  parsed.works = works.filter((work) => chosen.size === 0 || chosen.has(work));
  return parsed;
}

type NumberOption = "rounds" | "blocks" | "rows" | "problems" | "seed";
/** One unit has no interval. */
const LEAST: Record<NumberOption, number> = {
  rounds: 2,
  blocks: 2,
  rows: 2,
  problems: 2,
  seed: 0,
};

function setNumber(parsed: Arguments, name: NumberOption, text: string): void {
  const value = Number(text);
  if (!Number.isInteger(value) || value < LEAST[name]) {
    throw new RangeError(
      `Option --${name} must be an integer of at least ${LEAST[name]}, got "${text}"`,
    );
  }
  parsed[name] = value;
}
