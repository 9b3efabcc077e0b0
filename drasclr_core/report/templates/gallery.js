"use strict";
const PER_PAGE = 50;
const { verdicts, kinds, measures, entries } = JSON.parse(document.getElementById("data").textContent);
const part = id => document.getElementById(id);
const state = { verdict: "", reason: "", search: "", page: 0 };

// Every text goes through textContent: a name or a reason is never markup.
function make(tag, text = "", kind = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = kind;
  return element;
}

function placeholder() {
  return make("div", "no picture", "picture");
}

function picture(sid, drawn) {
  if (!drawn) return placeholder();
  const image = make("img", "", "picture");
  image.loading = "lazy";
  image.width = 320;
  image.height = 160;
  image.alt = `Coronal and axial slice of ${sid} with the outlines of the lungs`;
  image.addEventListener("error", () => image.replaceWith(placeholder()));
  image.src = `../anatomy/${encodeURIComponent(sid)}/thumbnail.webp`;
  return image;
}

function card([sid, verdict, reasons, , values, drawn]) {
  const item = make("li"), body = make("div", "", "body"), head = make("h2");
  head.append(make("span", sid), make("span", verdicts[verdict], "verdict " + verdicts[verdict].replace(" ", "-")));
  const list = make("ul");
  list.append(...reasons.map(reason => make("li", reason)));
  const numbers = make("dl");
  values.forEach((value, place) => {
    if (value === null) return;
    const pair = make("div");
    pair.append(make("dt", measures[place][0]), make("dd", value.toFixed(measures[place][1])));
    numbers.append(pair);
  });
  body.append(head, ...(reasons.length ? [list] : []), numbers);
  item.append(picture(sid, drawn), body);
  return item;
}

function chosen() {
  const wanted = state.search.toLowerCase();
  return entries.filter(([sid, verdict, , its]) => (state.verdict === "" || verdicts[verdict] === state.verdict)
    && (state.reason === "" || its.some(kind => kinds[kind] === state.reason)) && sid.toLowerCase().includes(wanted));
}

function show() {
  const found = chosen(), pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  state.page = Math.min(Math.max(state.page, 0), pages - 1);
  const shown = found.slice(state.page * PER_PAGE, (state.page + 1) * PER_PAGE);
  part("entries").replaceChildren(...shown.map(card));
  part("where").textContent = `page ${state.page + 1} of ${pages}, ${found.length} of ${entries.length} scans`;
  part("none").hidden = found.length > 0;
  for (const button of document.querySelectorAll(".back")) button.disabled = state.page === 0;
  for (const button of document.querySelectorAll(".next")) button.disabled = state.page === pages - 1;
  history.replaceState(null, "", "#" + new URLSearchParams({ ...state, page: state.page + 1 }));
}

function turn(by) {
  state.page += by;
  show();
  scrollTo(0, 0);
}

function options(id, all, names, places) {
  const count = Array(names.length).fill(0);
  for (const entry of entries) for (const place of places(entry)) count[place] += 1;
  part(id).append(new Option(all, ""), ...names.map((name, place) => new Option(`${name} (${count[place]})`, name)));
}

options("verdict", `all verdicts (${entries.length})`, verdicts, entry => [entry[1]]);
options("reason", "all reasons", kinds, entry => entry[3]);
const given = new URLSearchParams(location.hash.slice(1));
for (const id of ["verdict", "reason", "search"]) {
  part(id).value = given.get(id) ?? "";
  state[id] = part(id).value;
  part(id).addEventListener("input", () => {
    state[id] = part(id).value;
    state.page = 0;
    show();
  });
}
state.page = (parseInt(given.get("page"), 10) || 1) - 1;
for (const button of document.querySelectorAll(".back")) button.addEventListener("click", () => turn(-1));
for (const button of document.querySelectorAll(".next")) button.addEventListener("click", () => turn(1));
addEventListener("keydown", event => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by && !event.target.closest("input, select")) turn(by);
});
show();
