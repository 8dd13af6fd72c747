// Dom: elements out of plain values. Text is always set as text: nothing that came over the wire becomes markup.

/** An element. props: attributes, `onclick` and the like, properties of form fields. children: nodes, text, lists. */
export function h(name, props = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "selected") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...present(children));
  return made;
}

/** What stands in a place is replaced; the focus stays on the control of the same data-key or address. */
export function put(place, ...children) {
  const known = (one) => one.dataset.key ?? one.getAttribute("href");
  const focused = place.contains(document.activeElement) ? known(document.activeElement) : null;
  place.replaceChildren(...present(children));
  if (!focused) return;
  const again = [...place.querySelectorAll("[data-key], a[href]")].find((one) => known(one) === focused);
  again?.focus({ preventScroll: true });
}

/** The same for what is read again and again: where it says what it said before, nothing is touched. */
export function renew(place, ...children) {
  const made = present(children).map((child) => (child instanceof Node ? child : document.createTextNode(child)));
  const stands = [...place.childNodes];
  if (made.length !== stands.length || made.some((one, at) => !one.isEqualNode(stands[at]))) put(place, made);
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Say something to those who cannot see it. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** A table that becomes a list of cards on a phone; the roles keep it a table for those who hear it.
 *
 * columns: {name, number: right-aligned, wide: takes what room there is}. rows: lists of cells: what `h` takes.
 */
export function table(caption, columns, rows, nothing = "Nothing here yet.") {
  if (!rows.length) return h("p", { class: "nothing" }, nothing);
  const kind = (column) =>
    [column.number && "number", column.wide && "wide", !column.name && "end"].filter(Boolean).join(" ");
  const head = columns.map((column) =>
    h("th", { role: "columnheader", scope: "col", class: kind(column) }, column.name),
  );
  const body = rows.map((cells) =>
    h(
      "tr",
      { role: "row" },
      cells.map((cell, at) =>
        h("td", { role: "cell", class: kind(columns[at]), "data-name": columns[at].name }, h("span", {}, cell)),
      ),
    ),
  );
  return h(
    "table",
    { role: "table" },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, body),
  );
}

let numbered = 0;

/** A labelled form field. control: an input, select or textarea; hint: below it. */
export function field(label, control, hint = "") {
  const id = control.id || (control.id = `field-${++numbered}`);
  const words = [];
  if (hint) {
    words.push(h("span", { class: "hint", id: `${id}-hint` }, hint));
    control.setAttribute("aria-describedby", `${id}-hint`);
  }
  return h("div", { class: "field" }, h("label", { for: id }, label), control, words);
}

/** A select. options: values, or [value, text]. */
export function select(options, chosen, props = {}) {
  return h(
    "select",
    props,
    options.map((option) => {
      const [value, text] = Array.isArray(option) ? option : [option, option];
      return h("option", { value, selected: value === chosen }, text);
    }),
  );
}

/** A part of a view, with a heading of its own. */
export function section(title, ...children) {
  const id = `part-${title.toLowerCase().replace(/\W+/g, "-")}`;
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), children);
}
