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
  /** Called with every sample as it comes. */
  onSample?(sample: RoundSample): void;
  /** Held while the rounds of a block run, so that two benches on one machine do not measure at once. */
  lock?: string;
}

export interface RoundsOutcome {
  samples: RoundSample[];
  missing: { name: string; reason: string }[];
  versions: Record<string, string>;
  /** Largest peak of its processes, MB. */
  peakMemoryMb: Record<string, number>;
}

/** Run all rounds. A contestant that fails is named in `missing`, and the others go on. */
export async function runRounds(
  contestants: Contestant[],
  options: RoundsOptions,
): Promise<RoundsOutcome> {
  const { rounds, seed } = options, blocks = Math.min(options.blocks, rounds);
  const outcome: RoundsOutcome = {
    samples: [],
    missing: [],
    versions: {},
    peakMemoryMb: {},
  };
  const random = seededRandom(seed);
  let left = contestants, round = 0;
  for (let block = 0; block < blocks; block++) {
    const open = new Map<string, Opened>();
    const fails = async (name: string, error: unknown) => {
      const reason = (error instanceof Error ? error.message : String(error))
        .replace(/\s+/g, " ");
      console.error(`  ${name}: not available: ${reason}`);
      outcome.missing.push({ name, reason });
      left = left.filter((c) => c.name !== name);
      await open.get(name)?.close();
      open.delete(name);
    };
    try {
      for (const { name, open: start } of random.shuffle(left)) {
        try {
          const opened = await start();
          open.set(name, opened);
          Object.assign(outcome.versions, opened.versions);
        } catch (error) {
          await fails(name, error);
        }
      }
      const end = Math.round((block + 1) * rounds / blocks);
      using _lock = options.lock ? await locked(options.lock) : null;
      for (; round < end; round++) {
        const order = random.shuffle([...open.keys()]), values: string[] = [];
        for (const name of order) {
          const one = open.get(name)!;
          try {
            await one.warmUp?.(round);
            const sample = { name, block, round, ...await one.measure(round) };
            outcome.samples.push(sample);
            options.onSample?.(sample);
            values.push(`${name} ${sample.value.toPrecision(4)}`);
            const peak = await one.peakMb();
            if (peak !== null) {
              outcome.peakMemoryMb[name] = Math.max(
                outcome.peakMemoryMb[name] ?? 0,
                peak,
              );
            }
          } catch (error) {
            await fails(name, error);
          }
        }
        console.error(
          `  round ${round + 1} of ${rounds}, block ${block + 1}: ${values.join(", ")}`,
        );
      }
    } finally {
      for (const one of open.values()) await one.close();
    }
  }
  return outcome;
}

async function locked(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { create: true, write: true });
  await file.lock(true);
  return file; // closing it gives the lock back
}
