/**
 * Rounds over peers: the same work by every one of them, one after the other in random order, one active at a time.
 * Processes are started anew in every block, so the block is the unit of an interval.
 */
import { seededRandom } from "../../../lib/stats/random.ts";

/** What a contestant did in one round. */
export interface Sample {
  /** Its speed; more is better. */
  value: number;
  /** Raw answer, kept in the results. */
  raw: unknown;
}

export interface Opened {
  /** Peak resident memory of its process so far, MB; null where the system does not say. */
  peakMb(): Promise<number | null>;
  versions: Record<string, string>;
  /** Work that is not counted, so that the next sample does not pay for the switch of models. */
  warmUp?(round: number): Promise<void>;
  measure(round: number): Promise<Sample>;
  close(): Promise<void>;
}

/** One who does the work: a peer, ours, or the machine's limit. */
export interface Contestant {
  name: string;
  open(): Promise<Opened>;
}

export interface RoundSample extends Sample {
  name: string;
  block: number;
  round: number;
}

export interface RoundsOptions {
  rounds: number;
  /** Blocks that the rounds are spread over; at most one a round. */
  blocks: number;
  seed: number;
  /** Blocks that are there already, the first ones. */
  done?: BlockOutcome[];
  /** Called with every block as it ends. */
  onBlock?(block: BlockOutcome): void;
  /** Held while the rounds of a block run, so that two benches on one machine do not measure at once. */
  lock?: string;
}

export interface RoundsOutcome {
  samples: RoundSample[];
  missing: { name: string; reason: string }[];
  versions: Record<string, string>;
  /** Largest peak of its processes, MB. */
  peakMemoryMb: Record<string, number>;
  minutes: number;
}

/** What one block gave. */
export type BlockOutcome = RoundsOutcome;

/** Run all rounds. A contestant that fails is named in `missing`, and the others go on. */
export async function runRounds(contestants: Contestant[], options: RoundsOptions): Promise<RoundsOutcome> {
  const blocks = Math.min(options.blocks, options.rounds), done = [...options.done ?? []];
  while (done.length < blocks) {
    const gone = new Set(done.flatMap(({ missing }) => missing.map(({ name }) => name)));
    const outcome = await runBlock(contestants.filter(({ name }) => !gone.has(name)), done.length, blocks, options);
    options.onBlock?.(outcome);
    done.push(outcome);
  }
  const names = new Set(done.flatMap(({ peakMemoryMb }) => Object.keys(peakMemoryMb)));
  return {
    samples: done.flatMap(({ samples }) => samples),
    missing: done.flatMap(({ missing }) => missing),
    versions: Object.assign({}, ...done.map(({ versions }) => versions)),
    peakMemoryMb: Object.fromEntries(
      [...names].map((name) => [name, Math.max(...done.map(({ peakMemoryMb }) => peakMemoryMb[name] ?? 0))]),
    ),
    minutes: done.reduce((sum, { minutes }) => sum + minutes, 0),
  };
}

async function runBlock(
  contestants: Contestant[],
  block: number,
  blocks: number,
  { rounds, seed, lock }: RoundsOptions,
): Promise<BlockOutcome> {
  const startedAt = Date.now(), random = seededRandom(1000 * seed + block);
  const outcome: BlockOutcome = { samples: [], missing: [], versions: {}, peakMemoryMb: {}, minutes: 0 };
  const open = new Map<string, Opened>();
  const fails = async (name: string, error: unknown) => {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
    console.error(`  ${name}: not available: ${reason}`);
    outcome.missing.push({ name, reason });
    await open.get(name)?.close();
    open.delete(name);
  };
  try {
    for (const { name, open: start } of random.shuffle(contestants)) {
      try {
        const opened = await start();
        open.set(name, opened);
        Object.assign(outcome.versions, opened.versions);
      } catch (error) {
        await fails(name, error);
      }
    }
    using _lock = lock ? await locked(lock) : null;
    const firstOf = (b: number) => Math.round(b * rounds / blocks);
    for (let round = firstOf(block); round < firstOf(block + 1); round++) {
      const values: string[] = [];
      for (const name of random.shuffle([...open.keys()])) {
        const one = open.get(name)!;
        try {
          await one.warmUp?.(round);
          const sample = { name, block, round, ...await one.measure(round) };
          outcome.samples.push(sample);
          values.push(`${name} ${sample.value.toPrecision(4)}`);
          const peak = await one.peakMb();
          if (peak !== null) outcome.peakMemoryMb[name] = Math.max(outcome.peakMemoryMb[name] ?? 0, peak);
        } catch (error) {
          await fails(name, error);
        }
      }
      console.error(`  round ${round + 1} of ${rounds}, block ${block + 1} of ${blocks}: ${values.join(", ")}`);
    }
  } finally {
    for (const one of open.values()) await one.close();
  }
  outcome.minutes = (Date.now() - startedAt) / 60_000;
  return outcome;
}

async function locked(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { create: true, write: true });
  await file.lock(true);
  return file; // closing it gives the lock back
}
