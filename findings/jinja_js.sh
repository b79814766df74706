#!/bin/sh
# @huggingface/jinja 0.5.11 (npm, what transformers.js renders chat templates with) against Jinja2 3.1.6 (PyPI, what
# transformers renders them with): the same template prints other text. Each line below is the template, the JavaScript
# library's text and Jinja2's. So a prompt, and every number that comes from it, depends on which library rendered it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jinja2==3.1.6
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @huggingface/jinja@0.5.11
cat >cases.json <<'JSON'
[
  ["{{ x }}", { "x": null }, "", "None"],
  ["{{ x }}", { "x": true }, "true", "True"],
  ["{{ {'a': 'b'} }}", {}, "{\"a\": \"b\"}", "{'a': 'b'}"],
  ["{{ 'xxaxx'.strip('x') }}", {}, "xxaxx", "a"],
  ["{{ absent == none }}", {}, "true", "False"],
  ["{{ [1, 2] == [1, 2] }}", {}, "false", "True"]
]
JSON
cat >run.mjs <<'SCRIPT'
import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";
const cases = JSON.parse(readFileSync("cases.json", "utf8"));
console.log(JSON.stringify(cases.map(([template, values]) => new Template(template).render(values))));
SCRIPT
node run.mjs >javascript.json
"$folder/venv/bin/python" - <<'PYTHON'
import json, sys
import jinja2

print("@huggingface/jinja 0.5.11, Jinja2", jinja2.__version__)
changed = False
for (template, values, js, python), got in zip(json.load(open("cases.json")), json.load(open("javascript.json"))):
    rendered = jinja2.Environment().from_string(template).render(**values)
    print(f"{template}  {json.dumps(values)}:  {got!r}  {rendered!r}")
    changed |= (got, rendered) != (js, python)
if changed:
    sys.exit("this has changed")
print("as described")
PYTHON
