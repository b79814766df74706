/** The end of a process whose parent is gone. */
import process from "node:process";

/**
 * A busy process sees no event, so it cannot notice that stdin closed: on Linux the kernel ends it when the parent dies
 * (prctl(PR_SET_PDEATHSIG)). Elsewhere it ends when it next reads or writes.
 */
export function dieWithParent(parentPid: number): void {
  if (Deno.build.os !== "linux") return;
  const PR_SET_PDEATHSIG = 1, SIGKILL = 9;
  const libc = Deno.dlopen("libc.so.6", { prctl: { parameters: ["i32", "u64"], result: "i32" } });
  libc.symbols.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL));
  if (process.ppid !== parentPid) Deno.exit(1); // it died before the call
}
