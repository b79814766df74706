/**
 * `task lab`: JupyterLab on this machine alone (loopback), with a random token, the Deno kernel as the default, and
 * the folder of notebooks open. Further arguments go to JupyterLab.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { APART, endOnInterrupt } from "../progress.ts";
import { projectRoot } from "../store/paths.ts";
import { jupyterPython } from "./jupyter.ts";

const HOST = "127.0.0.1";
const WITH_PARENT = fileURLToPath(new URL("./with_parent.py", import.meta.url));

/** First port that nothing listens on, from 8888 up. */
export function freePort(first = 8888): number {
  for (let port = first; port < first + 100; port++) {
    try {
      Deno.listen({ hostname: HOST, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`Cannot start JupyterLab: no free port between ${first} and ${first + 99}`);
}

/** Start JupyterLab; resolves with its URL once it answers. The token is not in the arguments, which all users see. */
export async function startLab(port: number, args: string[] = []): Promise<{ url: string; child: Deno.ChildProcess }> {
  const token = Array.from(crypto.getRandomValues(new Uint8Array(24)), (b) => b.toString(16).padStart(2, "0")).join("");
  const root = projectRoot();
  const child = new Deno.Command(jupyterPython(root), {
    args: [
      ...["-B", WITH_PARENT, "jupyterlab", "--no-browser", `--ServerApp.ip=${HOST}`, `--ServerApp.port=${port}`],
      ...["--ServerApp.port_retries=0", "--ServerApp.answer_yes=True", "--ServerApp.log_level=WARN"],
      ...[`--ServerApp.root_dir=${root}`, `--FileContentsManager.preferred_dir=${join(root, "notebooks")}`],
      ...["--MultiKernelManager.default_kernel_name=deno", "--KernelSpecManager.ensure_native_kernel=False"],
      // in a container the user is often root, which Jupyter refuses by default; it listens on loopback only
      ...(Deno.build.os !== "windows" && Deno.uid() === 0 ? ["--allow-root"] : []),
      ...args,
    ],
    cwd: root,
    env: { JUPYTER_TOKEN: token },
    stdin: "piped", // it ends when this does, with all kernels
    stdout: "inherit",
    stderr: "inherit",
    ...APART,
  }).spawn();
  let ended = false;
  void child.status.then(() => ended = true);
  const base = `http://${HOST}:${port}`;
  while (!ended) {
    const ready = await fetch(`${base}/api/status?token=${token}`).then(async (r) => (await r.body?.cancel(), r.ok))
      .catch(() => false);
    if (ready) return { url: `${base}/lab/tree/notebooks?token=${token}`, child };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("JupyterLab ended before it was ready; the lines above say why");
}

const WORDS = "JupyterLab and its kernels have ended. Saved notebooks are kept; the same command starts it again.";

if (import.meta.main) {
  try {
    const { url, child } = await startLab(freePort(), Deno.args);
    console.log(`\nJupyterLab is ready: ${url}\nStop it with Ctrl-C.`);
    const end = () => void child.stdin.close().catch(() => {});
    let interrupted = false;
    endOnInterrupt(() => WORDS, async () => {
      interrupted = true;
      end();
      await child.status;
    });
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", end);
    const { code } = await child.status;
    if (!interrupted) Deno.exit(code);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
