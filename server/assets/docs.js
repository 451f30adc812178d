// Lists the operations of /openapi.json and sends what is typed into their forms. Requests go to this server alone, with the session that shows the page.
"use strict";

const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
};

let doc;
const resolve = (schema) => {
  while (schema && schema.$ref) {
    schema = schema.$ref.slice(2).split("/").reduce((at, key) => at[key.replaceAll("~1", "/").replaceAll("~0", "~")], doc);
  }
  return schema || {};
};

const typeOf = (schema) => {
  const s = resolve(schema);
  if (s.oneOf) return s.oneOf.map(typeOf).join(" or ");
  const types = [].concat(s.type || "anything");
  return types.map((t) => (t === "array" ? `list of ${typeOf(s.items)}` : t)).join(" or ");
};

const limitsOf = (s) => {
  const out = [];
  if (s.enum) out.push(s.enum.join(", "));
  if (s.minimum !== undefined) out.push(`from ${s.minimum}`);
  if (s.maximum !== undefined) out.push(`to ${s.maximum}`);
  if (s.default !== undefined) out.push(`default ${JSON.stringify(s.default)}`);
  return out.join("; ");
};

// example writes a value that a schema takes, of what it requires; of objects without requirements, all. name is the field's that it is for.
const example = (schema, depth = 0, name = "") => {
  const s = resolve(schema);
  if (s.examples) return s.examples[0];
  if (s.enum) return s.enum[0];
  if (s.oneOf) return example(s.oneOf[0], depth, name);
  switch ([].concat(s.type)[0]) {
    case "object": {
      const names = s.required && s.required.length ? s.required : Object.keys(s.properties || {});
      return depth > 3 ? {} : Object.fromEntries(names.map((n) => [n, example(s.properties[n], depth + 1, n)]));
    }
    case "array": return [example(s.items, depth + 1, name)];
    case "integer": return /_ms$/.test(name) ? Date.now() : s.minimum || 0;
    case "number": return s.minimum || 0;
    case "boolean": return false;
    case "string": return s.minLength ? name : "";
  }
  return {};
};

const fieldsOf = (schema, depth = 0) => {
  const s = resolve(schema);
  if (s.oneOf) return fieldsOf(s.oneOf[0], depth);
  if (s.items) return fieldsOf(s.items, depth);
  if (!s.properties || depth > 3) return null;
  const list = make("ul", { className: "small" });
  for (const [name, p] of Object.entries(s.properties)) {
    const about = resolve(p);
    const text = [typeOf(p), (s.required || []).includes(name) ? "needed" : "", limitsOf(about), p.description || about.description || ""].filter(Boolean).join("; ");
    list.append(make("li", {}, make("code", { textContent: name }), ` ${text}`, fieldsOf(p, depth + 1)));
  }
  return list;
};

const send = async (op, form, out) => {
  let path = op.path;
  const query = new URLSearchParams();
  for (const p of op.parameters) {
    const value = form.elements[`p:${p.name}`].value;
    if (p.in === "path") {
      path = path.replace(`{${p.name}}`, encodeURIComponent(value));
    } else if (value !== "") {
      for (const v of resolve(p.schema).type === "array" ? value.split("\n") : [value]) query.append(p.name, v);
    }
  }
  const url = path + (query.size ? `?${query}` : "");
  const init = { method: op.method.toUpperCase(), headers: { "X-Requested-With": "docs" }, credentials: "same-origin" };
  if (form.elements.body) {
    init.headers["Content-Type"] = form.elements.kind.value;
    init.body = form.elements.body.value;
  }
  out.hidden = false;
  out.textContent = `${init.method} ${url}\n…`;
  const began = performance.now();
  try {
    const answer = await fetch(url, init);
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
    out.textContent = `${init.method} ${url}\n${answer.status} ${answer.statusText}, ${Math.round(performance.now() - began)} ms, request ${answer.headers.get("X-Request-Id")}\n\n${shown}`;
  } catch (err) {
    out.textContent = `${init.method} ${url}\n${err}`;
  }
};

const parameterRow = (p, id) => {
  const s = resolve(p.schema);
  const list = s.type === "array";
  const input = make(list ? "textarea" : "input", { id, name: `p:${p.name}`, required: p.in === "path", autocomplete: "off" });
  if (list) Object.assign(input, { rows: 2, placeholder: "one a line" });
  const about = [typeOf(s), limitsOf(s), p.description || s.description || ""].filter(Boolean).join("; ");
  return make("tr", {}, make("td", {}, make("label", { htmlFor: id, textContent: p.name })), make("td", {}, input, make("div", { className: "small", textContent: about })));
};

const show = (op) => {
  const form = make("form");
  if (op.parameters.length) {
    form.append(make("table", {}, make("tbody", {}, ...op.parameters.map((p, k) => parameterRow(p, `${op.operationId}-${k}`)))));
  }
  const content = op.requestBody && op.requestBody.content;
  if (content) {
    const id = `${op.operationId}-body`;
    const kind = make("select", { name: "kind", ariaLabel: "Content-Type" }, ...Object.keys(content).sort().map((k) => make("option", { textContent: k })));
    const schema = content["application/json"].schema;
    form.append(make("label", { htmlFor: id, textContent: "Body " }), kind,
      make("textarea", { id, name: "body", spellcheck: false, value: JSON.stringify(example(schema), null, 2) }), make("details", {}, make("summary", { textContent: "Fields" }), fieldsOf(schema) || "any JSON"));
  }
  const out = make("pre", { hidden: true, tabIndex: 0 });
  out.setAttribute("aria-live", "polite");
  form.append(make("button", { textContent: "Send" }));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(op, form, out); });
  const ok = op.responses["200"] && op.responses["200"].content;
  const answer = ok && fieldsOf(Object.values(ok)[0].schema);
  return make("details", { className: "op" },
    make("summary", {}, make("span", { className: "method", textContent: op.method.toUpperCase() }), make("span", { className: "path", textContent: op.path }),
      make("span", { className: "says", textContent: op.summary || "" })),
    make("div", {}, op.description ? make("p", { textContent: op.description }) : null, form, out,
      answer ? make("details", {}, make("summary", { textContent: "Answer" }), answer) : null,
      make("p", { className: "small", textContent: `Statuses: ${Object.keys(op.responses).join(", ")}` })));
};

const start = async () => {
  const main = document.getElementById("operations");
  try {
    doc = await (await fetch("/openapi.json", { credentials: "same-origin" })).json();
  } catch (err) {
    main.textContent = `The description cannot be read: ${err}`;
    return;
  }
  document.getElementById("title").textContent = `${doc.info.title} ${doc.info.version}`;
  document.getElementById("about").textContent = doc.info.description || "";
  const all = [];
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const method of ["get", "post", "put", "patch", "delete"]) {
      if (item[method]) all.push({ parameters: [], ...item[method], path, method });
    }
  }
  main.textContent = "";
  for (const tag of doc.tags || []) {
    const ops = all.filter((op) => (op.tags || []).includes(tag.name));
    if (ops.length) main.append(make("section", {}, make("h2", { textContent: tag.name }), ...ops.map(show)));
  }
  document.getElementById("filter").addEventListener("input", (event) => {
    const text = event.target.value.toLowerCase();
    for (const node of main.querySelectorAll("details.op")) node.hidden = !node.querySelector("summary").textContent.toLowerCase().includes(text);
  });
};

start();
