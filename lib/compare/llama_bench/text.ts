/** Text files as consoles write them: UTF-8 or UTF-16, with a byte order mark or without, lines ended in either way. */

/** The text of a file's bytes, without a byte order mark, its lines ended with a line feed. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes).replaceAll(/\r\n?/g, "\n");
}

/** PowerShell's `>` writes UTF-16 with a mark. Without one, text that is mostly ASCII has a zero in every other byte. */
function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  const start = bytes.subarray(0, 1024), pairs = start.length >> 1;
  const zeros = (offset: number) => start.filter((byte, i) => i % 2 === offset && byte === 0).length;
  if (pairs && zeros(1) > pairs / 2) return "utf-16le";
  if (pairs && zeros(0) > pairs / 2) return "utf-16be";
  return "utf-8";
}
