/** JupyterLab and its kernels are gone when the process that started them is, however it ends. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Processes that a process has started, and those that these have. */
function below(pid: number): number[] {
  const parents = [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).flatMap(({ name }) => {
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`),
        fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? [] : [{ pid: Number(name), parent: Number(fields[1]) }];
    } catch {
      return []; // it has just ended
    }
  });
  const children = parents.filter(({ parent }) => parent === pid).map(({ pid }) => pid);
  return children.flatMap((child) => [child, ...below(child)]);
}

function isThere(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

async function until<T>(look: () => T | Promise<T>): Promise<T> {
  for (let i = 0; i < 1200; i++) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("waited for a minute in vain");
}

/** SIGHUP is what a terminal sends that is closed. */
for (const signal of ["SIGKILL", "SIGHUP"] as const) {
  Deno.test({
    name: `task lab leaves no Jupyter and no kernel behind after ${signal}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const lab = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", fileURLToPath(new URL("../../lib/report/lab.ts", import.meta.url))],
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const output = lab.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let started: number[] = [];
      try {
        let said = "";
        while (!/token=\w+/.test(said)) {
          const { done, value } = await output.read();
          if (done) throw new Error(`it ended before it was ready: ${said}`);
          said += value;
        }
        const [, base, token] = /(http:\/\/127\.0\.0\.1:\d+)\/\S*token=(\w+)/.exec(said)!;
        const headers = { authorization: `token ${token}` };
        const made = await fetch(`${base}/api/kernels`, { method: "POST", headers, body: '{"name":"deno"}' });
        assert.equal((await made.json()).name, "deno");
        await until(() => below(lab.pid).length >= 2); // Jupyter, and the kernel
        started = below(lab.pid);
        lab.kill(signal);
        await until(() => !started.some(isThere));
      } finally {
        if (isThere(lab.pid)) lab.kill("SIGKILL");
        await lab.status;
        await output.cancel().catch(() => {});
        for (const pid of started.filter(isThere)) Deno.kill(pid, "SIGKILL");
      }
    },
  });
}
