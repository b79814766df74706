/**
 * Names of models, tasks and files are not trusted: each place where they are shown reads other characters as markup.
 * All of these are written as numeric entities, which HTML, Markdown and plotly know alike.
 */

const entity = (c: string) => `&#${c.charCodeAt(0)};`;
const NAMED: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Text made safe for HTML, between tags and in attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => NAMED[c] ?? entity(c));
}

/**
 * Text made safe for plotly's titles, names, ticks and hover templates. Plotly reads some tags, entities (of the named ones
 * only a few, so quotes are numbers), `%{...}` in templates, and `$...$` where the page has MathJax.
 */
export function escapePlot(text: string): string {
  return text.replace(/[&<>"'{}$]/g, (c) => NAMED[c] ?? entity(c));
}

/**
 * Text made safe for GitHub's Markdown, in a cell of a table or as a paragraph: one line, without emphasis, code, HTML,
 * links, images, footnotes, formulas or bare addresses, and without a beginning that makes a heading, a list or a quote.
 * A bracket that is no link is left as it is: `[1.1, 1.3]`.
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/[&<>|*_`\\~$]/g, entity)
    .replace(/\](?=\s*[([:])/g, entity) // [text](address), [text][name], [name]: address
    .replace(/\b(https?|ftp|mailto|xmpp)(:)/gi, (_, scheme, colon) => scheme + entity(colon))
    .replace(/\b(www)(\.)/gi, (_, www, dot) => www + entity(dot))
    .replace(/^\s*([#+=-])(?=[\s#+=-]|$)/, (_, c) => entity(c)) // "+0.05" is no list
    .replace(/^\s*(\d+)([.)])(?=\s|$)/, (_, number, c) => number + entity(c));
}

/** The same text on one line: whatever breaks a line is a space. */
export function oneLine(text: string): string {
  return text.replace(/[\s\u0085]*[\r\n\v\f\u0085\u2028\u2029][\s\u0085]*/g, " ");
}

/** Text for a terminal, where control characters move the cursor, change colours or titles: they are left out, but for line breaks. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\r\n?/g, "\n").replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
}
