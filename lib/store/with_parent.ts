/** Commands that end when this process does, however it ends. */

/**
 * POSIX shell: where util-linux has it, the kernel ends what is run when its parent is gone (prctl(PR_SET_PDEATHSIG)); if that
 * went before, nothing is run.
 */
const BIND = `parent=$1; shift
setpriv --pdeathsig KILL -- true 2>/dev/null || exec "$@"
exec setpriv --pdeathsig KILL -- /bin/sh -c '[ "$PPID" = "$0" ] && exec "$@"' "$parent" "$@"`;

/** The command behind it, on Linux. A process that reads its input sees this one's end everywhere: its input ends. */
export function withParent(command: string[]): string[] {
  return Deno.build.os === "linux" ? ["/bin/sh", "-c", BIND, "sh", String(Deno.pid), ...command] : command;
}
