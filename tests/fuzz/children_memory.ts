/** The largest memory of the processes that this one starts, where Linux shows its children. */

const LOOK_EVERY_MS = 5;

/** @returns Ends the watch; gives the largest peak that was seen, in bytes, 0 where there was no child. */
export function watchChildren(): () => number {
  let peakBytes = 0;
  const read = (path: string) => {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return ""; // it has just ended, or the system shows nothing
    }
  };
  const look = setInterval(() => {
    const threads = [...Deno.readDirSync("/proc/self/task")];
    for (const pid of threads.flatMap(({ name }) => read(`/proc/self/task/${name}/children`).trim().split(" "))) {
      const kib = /^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
      peakBytes = Math.max(peakBytes, Number(kib ?? 0) * 1024);
    }
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(look);
    return peakBytes;
  };
}
