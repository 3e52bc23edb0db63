// Draws a message: what it says is structure and plain text, and how it looks is decided here.

import { icon, link, make } from "/static/element.js";
import { clock, dated, exact, relative } from "/static/time.js";

export function time(iso, text = null) {
  const date = new Date(iso);
  return make("time", { datetime: iso, title: exact(date), "data-relative": text === null }, text ?? relative(date));
}

/** An instant within a text: in the reader's zone, with the date. */
function moment(iso) {
  const date = new Date(iso);
  return make("time", { datetime: iso, title: exact(date) }, dated(date));
}

function spans(paragraph) {
  const emphasis = paragraph.kind === "quote" ? "mark" : "strong";
  const said = paragraph.spans.filter((span) => span.text);
  // An item is put together of a headline and of our own words, which may run in two directions.
  const apart = paragraph.kind === "item" && said.length > 1;
  return said.map((span) => {
    if (span.at) return moment(span.at);
    const text = span.bold ? make(emphasis, {}, span.text) : span.text;
    const inside = apart ? make("bdi", {}, text) : text;
    return span.url ? link(span.url, {}, inside) : inside;
  });
}

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/gu;

/**
 * By most of its letters, of which its beginning has some: `dir="auto"` would turn an English line around that begins
 * with an Arabic name, and a date stands on the left of what happened that day.
 */
function direction(paragraph) {
  const begins = paragraph.spans.find((span) => /\p{L}/u.test(span.text))?.text ?? "";
  const text = paragraph.spans.map((span) => span.text).join("");
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return begins.match(RIGHT_TO_LEFT) && (text.match(RIGHT_TO_LEFT)?.length ?? 0) * 2 > letters ? "rtl" : "ltr";
}

function body(paragraphs) {
  const drawn = [];
  let list = null;
  for (const paragraph of paragraphs) {
    const inside = spans(paragraph);
    if (!inside.length) continue;
    const dir = direction(paragraph);
    if (paragraph.kind === "item") {
      const kind = paragraph.number ? "OL" : "UL";
      if (list?.tagName !== kind) drawn.push((list = make(kind)));
      list.append(make("li", { dir, value: paragraph.number || null }, inside));
      continue;
    }
    // A quote right after an item is said about that item.
    if (paragraph.kind === "quote" && list) {
      list.classList.add("found");
      list.lastElementChild.append(make("blockquote", { dir }, inside));
      continue;
    }
    list = null;
    if (paragraph.kind === "quote") drawn.push(make("blockquote", { dir }, inside));
    else drawn.push(make("p", { dir, class: paragraph.kind === "note" ? "small" : null }, inside));
  }
  return drawn;
}

function fields(all) {
  if (!all.length) return null;
  return make("dl", {}, all.map((field) => make("div", {}, make("dt", {}, field.name), make("dd", { dir: "auto" }, field.at ? moment(field.at) : field.value))));
}

function buttons(all, press) {
  if (!all.length) return null;
  return make(
    "div",
    { class: "buttons" },
    all.map((button) => {
      const style = button.style === "plain" ? null : button.style;
      if (button.url) return link(button.url, { class: style }, button.label, icon("out"));
      return make("button", { type: "button", class: style, onclick: (event) => press(button, event.currentTarget) }, button.label);
    }),
  );
}

/** Drawn by the server from the numbers; the words are for those who do not see it. */
function chart(said) {
  if (!said.chart?.bars.length) return null;
  const query = new URLSearchParams([["unit", said.chart.unit], ...said.chart.bars.map((bar) => ["bar", `${bar.count} ${bar.label}`])]);
  const narrow = matchMedia("(max-width: 760px)").matches;
  if (narrow) query.set("narrow", "true");
  return make("img", { class: "chart", src: `/api/chart.svg?${query}`, alt: said.chart.alt, width: narrow ? 360 : 720, height: 240 });
}

const isTopics = (field) => ["topic", "topics"].includes(field.name.toLowerCase());

/** The card of an alert. `line` is as the API tells it; `press` is called with a pressed button. */
export function alertCard(line, press) {
  const said = line.message;
  const chips = said.fields.filter(isTopics).flatMap((field) => field.value.split(", "));
  return make(
    "article",
    { class: "message alert", "aria-label": said.title },
    make(
      "div",
      { class: "head" },
      said.source ? make("bdi", { class: "source" }, said.source) : null,
      time(said.at ?? line.at),
      line.edited_at ? make("span", { class: "edited-at", title: exact(new Date(line.edited_at)) }, "updated") : null,
      chips.length ? make("span", { class: "chips" }, chips.map((chip) => make("bdi", { class: "chip" }, chip))) : null,
    ),
    said.title ? make("h2", { class: "title", dir: "auto" }, link(said.url, {}, said.title)) : null,
    chart(said),
    body(said.body),
    fields(said.fields.filter((field) => !isTopics(field))),
    said.footer ? make("p", { class: "small", dir: "auto" }, said.footer) : null,
    buttons(said.buttons, press),
  );
}

/** An answer to a command. */
export function reply(said, press) {
  return make(
    "div",
    { class: "message", "data-tone": said.tone },
    said.title ? make("h2", { class: "title", dir: "auto" }, said.url ? link(said.url, {}, said.title) : said.title) : null,
    said.source || said.at
      ? make("p", { class: "small" }, said.source ? make("bdi", {}, said.source) : null, said.source && said.at ? " · " : null, said.at ? time(said.at) : null)
      : null,
    chart(said),
    body(said.body),
    fields(said.fields),
    said.footer ? make("p", { class: "small", dir: "auto" }, said.footer) : null,
    said.file ? make("p", {}, download(said.file)) : null,
    buttons(said.buttons, press),
  );
}

const KEPT = 60_000;

/** A file to take away: it came with the answer, so nothing is asked of the server. It has an address while it is taken. */
function download(file) {
  const taken = make("a", { href: "#", download: file.name }, file.name);
  taken.addEventListener("click", () => {
    const href = URL.createObjectURL(new Blob([file.text], { type: "application/octet-stream" }));
    taken.href = href;
    setTimeout(() => URL.revokeObjectURL(href), KEPT);
  });
  return taken;
}

/** A command that somebody typed. */
export function asked(text, who, iso) {
  return make(
    "div",
    { class: "ask" },
    make("span", { class: "who" }, who ? [make("bdi", {}, who), " "] : null, time(iso, clock(new Date(iso)))),
    make("div", { class: "said", dir: "auto" }, text),
  );
}

/** The answer that only its asker sees; it can be put away. */
export function whisper(said, press, dismiss) {
  return make(
    "div",
    { class: "whisper", role: "status" },
    reply(said, press),
    make(
      "p",
      { class: "only" },
      icon("eye"),
      "Only you can see this ·",
      make("button", { type: "button", onclick: dismiss }, "Dismiss"),
    ),
  );
}

export const waiting = () =>
  make("div", { class: "waiting", role: "status", "aria-label": "Newsbell is working" }, make("i"), make("i"), make("i"));

export const trouble = (text) => ({
  title: "", url: "", source: "", at: null, footer: "", image: "", tone: "error", fields: [], buttons: [],
  body: [{ kind: "text", spans: [{ text, bold: false, url: "" }] }],
});
