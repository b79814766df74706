/** Rules of what many functions ask for, and the bounds beyond which a number cannot be meant. */
import { integer, quantity, type Rule } from "./rules.ts";

/** Ten times the longest context that any model claims (10 million). */
export const MOST_TOKENS = 1e8;
/** No machine has more cores than this, and onnxruntime starts every thread that it is asked for. */
export const MOST_THREADS = 1024;

/** Seeds that give different random numbers: 32 bits. */
export const SEED: Rule<number> = integer({ min: 0, max: 2 ** 32 - 1 });
export const THREADS: Rule<number> = integer({ min: 1, max: MOST_THREADS });
export const TOKENS: Rule<number> = integer({ min: 1, max: MOST_TOKENS });
/** Tokens that are there before. */
export const PAST: Rule<number> = integer({ min: 0, max: MOST_TOKENS });
export const MOST_BATCH = 2 ** 20;
/** Sequences side by side. */
export const BATCH: Rule<number> = integer({ min: 1, max: MOST_BATCH });
/** Rows of a data set that are looked at. */
export const ROWS: Rule<number> = integer({ min: 1, max: 1e8 });
/** Row of a data set, counted from 0. */
export const INDEX: Rule<number> = integer({ min: 0 });
/** Processes, one after the other or at once. */
export const HOSTS: Rule<number> = integer({ min: 1, max: 1000 });
/** Fresh processes for memory; 0 leaves it out. */
export const MEMORY_HOSTS: Rule<number> = integer({ min: 0, max: 1000 });
/** Memory in GB, 10^9 bytes. */
export const GIGABYTES: Rule<number> = quantity({ above: 0, max: 1e9 });
/** Bytes of a number in a cache; 16 is a double and its double. */
export const ELEMENT_BYTES: Rule<number> = integer({ min: 1, max: 16 });
/** Repeats that are timed: a million of a second each are twelve days. */
export const MOST_RUNS = 1e6;
/** Coverage of an interval. */
export const LEVEL: Rule<number> = quantity({ above: 0, below: 1 });
/** Intervals that shall hold together. */
export const COMPARISONS: Rule<number> = integer({ min: 1, max: 1e9 });
/** Within it two values count as the same. */
export const BAND: Rule<number> = quantity({ min: 0, max: 1e6 });
/** Continuations of one prompt; published pass@k curves end at 10,000. */
export const SAMPLES: Rule<number> = integer({ min: 1, max: 100_000 });
/** 0 is greedy. Above some tens the draw is uniform. */
export const TEMPERATURE: Rule<number> = quantity({ min: 0, max: 1000 });
/** Nucleus sampling. */
export const TOP_P: Rule<number> = quantity({ above: 0, max: 1 });
