import assert from "node:assert/strict";
import { collapseToHugePages, filledRegions } from "../../lib/model/huge_pages.ts";

/** In the form of proc(5): a filled heap, weights mapped from a file, a mostly untouched region, one below 2 MB. */
const smaps = `55d000000000-55d000800000 rw-p 00000000 00:00 0                          [heap]
Size:               8192 kB
Rss:                8000 kB
VmFlags: rd wr mr mw me ac
7f0000000000-7f0010000000 rw-p 00000000 fe:00 1234                       /tmp/weights.bin
Size:             262144 kB
Rss:              262144 kB
7f1000000000-7f1004000000 rw-p 00000000 00:00 0
Size:              65536 kB
Rss:               10000 kB
7f2000000000-7f2000100000 rw-p 00000000 00:00 0
Size:               1024 kB
Rss:                1024 kB
7f3000000000-7f3004000000 rw-p 00000000 00:00 0
Size:              65536 kB
Rss:               65536 kB
7f4000000000-7f4004000000 r--p 00000000 00:00 0
Size:              65536 kB
Rss:               65536 kB
`;

Deno.test("filledRegions() finds resident private memory that no file is behind", () => {
  assert.deepEqual(filledRegions(smaps), [
    { start: 0x55d000000000, end: 0x55d000800000 },
    { start: 0x7f3000000000, end: 0x7f3004000000 },
  ]);
});

Deno.test("collapseToHugePages() leaves what is in memory as it is", () => {
  const data = new Float32Array(4_000_000).map((_, i) => i % 1000);
  const sum = (a: Float32Array) => a.reduce((x, y) => x + y, 0);
  const before = sum(data), bytes = collapseToHugePages();
  assert.ok(bytes >= 0 && bytes % 2 ** 21 === 0);
  assert.equal(sum(data), before);
});
