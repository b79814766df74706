/** What goes wrong with the hub, in words: what was asked, what it answered, and what to do. */

/** Why something cannot be fetched. */
export type HubFault =
  | "login"
  | "gated"
  | "repository"
  | "revision"
  | "file"
  | "busy"
  | "server"
  | "network"
  | "damaged"
  | "disk";

/** Something cannot be fetched from the hub. */
export class HubError extends Error {
  override name = "HubError";
  constructor(readonly fault: HubFault, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** An answer's fault, before it is known what was asked for. */
export class HubReason extends Error {
  constructor(readonly fault: HubFault, message: string) {
    super(message);
  }
}

const FIXES: Record<HubFault, (page: string) => string> = {
  login: (page) =>
    `look whether the name is right; of a private one set HF_TOKEN to a token (made anew in the hub's settings) of an ` +
    `account that may read ${page}`,
  gated: (page) =>
    `open ${page} in a browser, sign in and accept its conditions, then set HF_TOKEN to a token of that account ` +
    "(https://huggingface.co/settings/tokens, with permission to read gated repositories)",
  repository: (page) => `look at ${page}; of a private one HF_TOKEN must hold a token that may read it`,
  revision: (page) => `pass a branch, a tag or a commit of ${page}/commits/main behind the @, or leave it out for main`,
  file: (page) => `look at ${page}/tree/main`,
  busy: () => "try again later; with HF_TOKEN set, the hub allows more requests",
  server: () => "the fault is the hub's: try again later, or name a mirror with HF_ENDPOINT",
  network: () =>
    "is there a network? HF_ENDPOINT names a mirror; a file or folder that you have can be passed by its path",
  damaged: () => "run it again; if it stays so, the mirror of HF_ENDPOINT or a proxy changes what it passes on",
  disk: () => "make room there, or set ARCHBENCH_CACHE to a folder on another disk",
};

/** An error in our words. */
export function hubError(source: string, hub: string, page: string, error: unknown): Error {
  const { fault, message } = error instanceof HubReason ? error : reasonIn(error);
  return new HubError(fault, `Cannot fetch ${source} from ${hub}: ${message}; ${FIXES[fault](page)}`, { cause: error });
}

/** What an error means that nobody named; those of connections are named where they are made. */
function reasonIn(error: unknown): HubReason {
  const message = error instanceof Error ? error.message : String(error);
  if (isFullDisk(message)) return new HubReason("disk", message);
  if (error instanceof SyntaxError) {
    return new HubReason("network", "the answer is no JSON: a proxy or a page to log in may answer");
  }
  if (error instanceof TypeError) return new HubReason("damaged", `the answer is not what a hub answers (${message})`);
  return new HubReason("network", message);
}

/** What an answer that is no success means. */
export function reasonOf(response: Response, hasToken: boolean): HubReason {
  const { status, headers } = response, code = headers.get("X-Error-Code") ?? "";
  const said = headers.get("X-Error-Message")?.slice(0, 200);
  const answer = `it answers ${status}${said ? ` (${said})` : ""}`;
  if (code === "GatedRepo") {
    return new HubReason("gated", `the repository is gated, and its owner has not let you in (${status})`);
  }
  if (code === "RevisionNotFound") return new HubReason("revision", "the repository has no such revision (404)");
  if (code === "EntryNotFound") return new HubReason("file", "the file is not there (404)");
  if (status === 401) {
    return hasToken
      ? new HubReason("login", `it does not take the token (401): it may be mistyped, expired or revoked`)
      : new HubReason("login", "without a token it shows no such repository (401): it is private or does not exist");
  }
  if (status === 403) return new HubReason("gated", `access is refused (403)${said ? `: ${said}` : ""}`);
  if (status === 404) return new HubReason("repository", "Repository not found (404)");
  if (status === 429) return new HubReason("busy", "too many requests (429)");
  if (status >= 500) return new HubReason("server", answer);
  return new HubReason("network", answer);
}

function isFullDisk(message: string): boolean {
  return /ENOSPC|EDQUOT|no space left|os error (28|112|122)\b/i.test(message);
}
