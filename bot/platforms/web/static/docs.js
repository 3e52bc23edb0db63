// Draws /openapi.json: what can be asked, with what, and what comes back. Small, and at home without a network.

import { byId, make } from "/static/element.js";

let schemas = {};

const named = (schema) => (schema?.$ref ? schemas[schema.$ref.split("/").at(-1)] : schema);

function kind(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.type === "array") return `list of ${kind(schema.items)}`;
  return schema.format === "date-time" ? "time (ISO 8601)" : schema.type ?? "";
}

/** An example of a schema, from the examples of its parts. */
function example(schema, depth = 0) {
  const found = named(schema);
  if (!found || depth > 6) return null;
  if (found.examples?.length) return found.examples[0];
  if (found.default !== undefined) return found.default;
  if (found.anyOf) return example(found.anyOf.find((each) => each.type !== "null"), depth + 1);
  if (found.enum) return found.enum[0];
  if (found.properties) return Object.fromEntries(Object.entries(found.properties).map(([name, part]) => [name, example(part, depth + 1)]));
  if (found.type === "array") return [example(found.items, depth + 1)];
  if (found.format === "date-time") return "2026-11-26T09:30:00Z";
  return { string: "", integer: 0, number: 0, boolean: false }[found.type] ?? null;
}

/** Words in backticks are code; empty lines part paragraphs. */
function prose(text) {
  return text.split(/\n{2,}/).map((part) => make("p", {}, part.split("`").map((piece, index) => (index % 2 ? make("code", {}, piece) : piece))));
}

function table(rows) {
  return make(
    "table",
    {},
    rows.map(([name, type, says, must]) =>
      make("tr", {}, make("td", {}, make("code", {}, name), make("small", {}, type + (must ? "" : ", optional"))), make("td", {}, prose(says))),
    ),
  );
}

function properties(schema) {
  const found = named(schema);
  if (!found?.properties) return null;
  return table(
    Object.entries(found.properties).map(([name, part]) => [name, kind(part), part.description ?? named(part)?.description ?? "", found.required?.includes(name)]),
  );
}

const json = (value) => make("pre", { tabindex: 0 }, make("code", {}, JSON.stringify(value, null, 2)));

function answer([status, response]) {
  const schema = response.content?.["application/json"]?.schema;
  const isError = !status.startsWith("2");
  const shape = schema && Object.keys(schema).length ? schema : null;
  return [
    make("h3", {}, `${status} ${response.description ?? ""}`),
    shape && !isError ? properties(shape) : null,
    shape && !isError ? json(example(shape)) : null,
  ];
}

function operation(path, method, found) {
  const body = found.requestBody?.content?.["application/json"]?.schema;
  return make(
    "details",
    { id: found.operationId },
    make("summary", {}, make("span", { class: "method", "data-method": method }, method.toUpperCase()), make("code", {}, path), make("span", { class: "says" }, found.summary)),
    make(
      "div",
      { class: "inside" },
      prose(found.description ?? ""),
      found.parameters?.length
        ? table(found.parameters.map((each) => [each.name, `${kind(each.schema)}, in the ${each.in}`, each.description ?? each.schema?.description ?? "", each.required]))
        : null,
      body ? [make("h3", {}, "Send"), properties(body), json(example(body))] : null,
      Object.entries(found.responses).flatMap(answer),
    ),
  );
}

async function draw() {
  const main = byId("docs");
  const api = await (await fetch("/openapi.json")).json();
  schemas = api.components?.schemas ?? {};
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, found] of Object.entries(methods)) {
      const tag = found.tags?.[0] ?? "other";
      groups.set(tag, [...(groups.get(tag) ?? []), operation(path, method, found)]);
    }
  }
  main.replaceChildren(
    make("h1", {}, `${api.info.title} API`, make("small", {}, api.info.version)),
    ...prose(api.info.description ?? ""),
    ...[...groups].flatMap(([tag, drawn]) => [make("h2", {}, tag), ...drawn]),
  );
  main.removeAttribute("aria-busy");
}

draw().catch((error) => byId("docs").replaceChildren(make("p", {}, `openapi.json could not be read: ${error.message}`)));
