/** A model's card in a page: on a wide screen and on a telephone nothing is wider than the page. */
import assert from "node:assert/strict";
import { zoo } from "../../lib/arch/zoo/zoo.ts";
import { modelCard } from "../../lib/view/model_card.ts";
import { launchBrowser } from "./browser.ts";

Deno.test("a model's card fits pages of 1,200 and 390 px, its picture beside or below its facts", async () => {
  const name = "a-long-name-without-a-single-space-to-break-it-at-".repeat(2);
  const { bundle } = await modelCard({ ...zoo("mixtral-8x7b"), name }, { hardware: "Raspberry Pi 5" });
  const browser = await launchBrowser();
  try {
    for (const [width, beside] of [[1200, true], [390, false]] as const) {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      await page.setContent(`<!doctype html><body style="margin:8px">${bundle["text/html"]}`);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
      const facts = (await page.locator("dl").boundingBox())!, picture = (await page.locator("svg").boundingBox())!;
      assert.equal(picture.x > facts.x + facts.width, beside);
      assert.equal(picture.y > facts.y + facts.height, !beside);
      await page.close();
    }
  } finally {
    await browser.close();
  }
});
