/** A browser from npm, so that nothing needs root or a distribution's packages. */
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/** On Linux x64 the packaged Chromium, elsewhere an installed Chrome. */
export async function launchBrowser(): Promise<Browser> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return await playwright.launch({ channel: "chrome" });
  return await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"],
  });
}
