/** Commands that end when this process does, however it ends. */

/** POSIX shell: where util-linux has it, the kernel ends what is run when its parent is gone (prctl(PR_SET_PDEATHSIG)). */
const BIND = `setpriv --pdeathsig KILL -- true 2>/dev/null && exec setpriv --pdeathsig KILL -- "$@"
exec "$@"`;

/** The command behind it, on Linux. A process that reads its input sees this one's end everywhere: its input ends. */
export function withParent(command: string[]): string[] {
  return Deno.build.os === "linux" ? ["/bin/sh", "-c", BIND, "sh", ...command] : command;
}
