/** One line beside the verdicts where the measuring had begun before: that it went on, or why it began anew. */
import type { ResumedRounds } from "../measure/rounds_result.ts";

export interface InterruptedRun {
  resumed?: ResumedRounds | null;
  startedAnew?: string | null;
}

/** @returns No line where all was measured in one run. */
export function interruptedSentence({ resumed, startedAnew }: InterruptedRun): string[] {
  if (startedAnew) return [`Rounds of another run were left alone: ${startedAnew}.`];
  if (!resumed) return [];
  const { rounds, interruptions, startedAt } = resumed;
  const times = interruptions === 1 ? "" : `, interrupted ${interruptions} times`;
  return [
    `It went on with ${rounds} rounds of a run that began on ${startedAt.slice(0, 16).replace("T", " ")}${times}.`,
  ];
}
