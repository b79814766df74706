/** The user's token of the hub, where the hub's own tools look for it. It goes into requests to the hub and nowhere else. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { HubReason } from "./fault.ts";

/**
 * HF_TOKEN, else the file that `hf auth login` writes; none with HF_HUB_DISABLE_IMPLICIT_TOKEN.
 *
 * @throws {HubReason} If it is nothing that a request can carry. The message does not show it.
 */
export async function hubToken(): Promise<string | undefined> {
  if (isSet("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return undefined;
  const named = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].find((name) => Deno.env.get(name)?.trim());
  const file = tokenFile();
  const token = named ? Deno.env.get(named)!.trim() : (await readFile(file, "utf8").catch(() => "")).trim();
  if (!token) return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new HubReason("login", `the token in ${named ?? file} has characters that no token has`);
}

/** Whether a switch of the hub's tools is on. */
export function isSet(name: string): boolean {
  return /^(1|true|yes|on)$/i.test(Deno.env.get(name) ?? "");
}

function tokenFile(): string {
  const { HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = {
    HF_TOKEN_PATH: Deno.env.get("HF_TOKEN_PATH"),
    HF_HOME: Deno.env.get("HF_HOME"),
    XDG_CACHE_HOME: Deno.env.get("XDG_CACHE_HOME"),
  };
  return HF_TOKEN_PATH || join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"), "token");
}
