/** What nobody vouches for is tried in a process of its own first: how that process is started, and what it answers. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, runLimited, type RunLimits } from "../store/limited_child.ts";
import { projectRoot } from "../store/paths.ts";

/** Deno with a script of the library and these permissions, and no others. */
export function trialCommand(script: URL, permissions: string[]): string[] {
  const config = join(projectRoot(), "deno.json");
  return [Deno.execPath(), "run", "--quiet", "--no-prompt", ...permissions, "--config", config, fileURLToPath(script)];
}

/** Run it to its end: what it answered, in one line of JSON, or null where it ended before that. */
export async function runTrialProcess<Answer>(
  command: string[],
  input: string,
  limits: RunLimits,
  env: Record<string, string> = {},
): Promise<Ended & { answer: Answer | null }> {
  const options = { env: { NO_COLOR: "1", ...env } };
  const ended = await runLimited(command, new TextEncoder().encode(input), limits, options);
  return { ...ended, answer: answerIn(ended.stdout) };
}

function answerIn<Answer>(stdout: Uint8Array): Answer | null {
  try {
    return JSON.parse(new TextDecoder().decode(stdout));
  } catch {
    return null;
  }
}
