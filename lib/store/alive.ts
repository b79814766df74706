/** Whether a process that is named in a file is still there, so that what it left can be taken over or cleared. */
import process from "node:process";

/** A process, told from a later one of the same number where the system shows when each began. */
export interface ProcessName {
  pid: number;
  /** Boot and start of the process (Linux); null elsewhere. */
  began: string | null;
}

export function thisProcess(): ProcessName {
  return { pid: Deno.pid, began: beganOf(Deno.pid) };
}

export function isAlive({ pid, began }: ProcessName): boolean {
  try {
    process.kill(pid, 0); // sends nothing
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return false;
  }
  return began === null || beganOf(pid) === began;
}

function beganOf(pid: number): string | null {
  try {
    const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
    // its name stands in brackets and may hold anything; the 22nd field of all is the start in ticks since boot
    const start = Deno.readTextFileSync(`/proc/${pid}/stat`).split(")").at(-1)!.trim().split(" ")[19];
    return `${boot} ${start}`;
  } catch {
    return null;
  }
}
