// The messages of one channel: where they stand, what is new, and where the reader is.

import { byId, make } from "/static/element.js";
import { alertCard, asked, reply } from "/static/message.js";
import { dayName, refresh, sameDay } from "/static/time.js";

const NEAR = 80; // Pixels from the end that still count as being there.
export const MOST = 400; // Lines kept in the page while the reader follows the end.
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

export class Timeline {
  /**
   * `press(button, element, host)` runs a button; `read(id)` is told what has been seen, `earlier()` that the reader
   * wants to go back, and `trimmed()` that lines were let go which could be read again.
   */
  constructor({ press, read, earlier, trimmed }) {
    this.press = press;
    this.read = read;
    this.trimmed = trimmed;
    this.log = byId("log");
    this.lines = byId("lines");
    this.pill = byId("latest");
    this.more = byId("earlier");
    this.entries = [];
    this.missed = 0;
    this.follow = true;
    this.log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.pill.addEventListener("click", () => this.toEnd(true));
    this.more.addEventListener("click", earlier);
    document.addEventListener("visibilitychange", () => this.scrolled());
    // What grows (a reply under a card, the keyboard of a phone) must not push the end out of sight.
    new ResizeObserver(() => this.follow && this.toEnd()).observe(this.lines);
    new ResizeObserver(() => this.follow && this.toEnd()).observe(this.log);
    setInterval(() => refresh(this.lines), 20_000);
  }

  /** Show a channel from the start: `entries` are lines and the reader's own exchanges, oldest first. */
  show(entries, { earlier = false, readUpTo = Infinity } = {}) {
    this.entries = entries;
    this.missed = 0;
    this.more.hidden = !earlier;
    let before = null;
    let marked = false;
    const drawn = [];
    for (const entry of entries) {
      drawn.push(...this.separators(before, entry));
      if (!marked && before && entry.line && entry.line.id > readUpTo) {
        drawn.push(make("li", { class: "new", role: "separator" }, "New"));
        marked = true;
      }
      drawn.push(this.draw(entry));
      before = entry;
    }
    this.lines.replaceChildren(...drawn);
    this.follow = true;
    this.toEnd();
  }

  /** Earlier lines, above what is there; the reader stays where they are. */
  prepend(lines, earlier) {
    const fromEnd = this.log.scrollHeight - this.log.scrollTop;
    const { follow } = this;
    this.show([...lines.map((line) => ({ line, at: new Date(line.at) })), ...this.entries], { earlier });
    this.follow = follow;
    this.log.scrollTop = this.log.scrollHeight - fromEnd;
  }

  has(id) {
    return this.entries.some((entry) => entry.line?.id === id);
  }

  add(entry, { mine = false } = {}) {
    const last = this.entries.at(-1) ?? null;
    this.entries.push(entry);
    const drawn = this.draw(entry);
    drawn.classList.add("fresh");
    if (document.hidden && !this.missed && last && !mine) {
      this.lines.querySelector(".new")?.remove();
      this.lines.append(make("li", { class: "new", role: "separator" }, "New"));
    }
    this.lines.append(...this.separators(last, entry), drawn);
    if (mine || this.follow) this.toEnd();
    if (!this.follow || document.hidden) this.missed += 1;
    this.trim();
    this.scrolled();
  }

  change(line) {
    const entry = this.entries.find((each) => each.line?.id === line.id);
    if (!entry) return;
    entry.line = line;
    const old = entry.element;
    const whispers = [...old.querySelectorAll(":scope > .whisper")];
    const drawn = this.draw(entry);
    drawn.append(...whispers);
    drawn.classList.add("edited");
    old.replaceWith(drawn);
  }

  remove(entry) {
    this.entries = this.entries.filter((each) => each !== entry);
    entry.element?.remove();
  }

  draw(entry) {
    if (!entry.line) return entry.element;
    const { line } = entry;
    const host = make("li", { "data-id": line.id, "data-kind": line.kind });
    const press = (button, element) => this.press(button, element, host);
    if (line.kind === "ask") host.append(asked(line.message.body[0]?.spans[0]?.text ?? "", line.message.source, line.at));
    else if (line.kind === "reply") host.append(make("div", { class: "reply" }, reply(line.message, press)));
    else host.append(line.message.tone === "alert" ? alertCard(line, press) : make("div", { class: "reply" }, reply(line.message, press)));
    if (line.kind === "ask") host.classList.add("ask-line");
    entry.element = host;
    return host;
  }

  separators(before, entry) {
    if (before && sameDay(before.at, entry.at)) return [];
    return [make("li", { class: "day", role: "separator" }, dayName(entry.at))];
  }

  trim() {
    if (!this.follow || this.entries.length <= MOST + 50) return;
    for (const entry of this.entries.splice(0, this.entries.length - MOST)) entry.element.remove();
    while (this.lines.firstElementChild && !this.lines.firstElementChild.matches("[data-id], .mine")) this.lines.firstElementChild.remove();
    this.lines.prepend(make("li", { class: "day", role: "separator" }, dayName(this.entries[0].at)));
    this.more.hidden = false;
    this.trimmed();
  }

  toEnd(smooth = false) {
    this.follow = true;
    this.log.scrollTo({ top: this.log.scrollHeight, behavior: smooth && !CALM.matches ? "smooth" : "instant" });
  }

  /** After an answer: its end, or its beginning where it is taller than the window. */
  toAnswer(element) {
    const room = this.log.clientHeight;
    const height = this.lines.getBoundingClientRect().bottom - element.getBoundingClientRect().top;
    if (height <= room) {
      this.toEnd();
      return;
    }
    this.follow = false;
    this.log.scrollTop += element.getBoundingClientRect().top - this.log.getBoundingClientRect().top - 8;
  }

  scrolled() {
    const distance = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight;
    const atEnd = distance < NEAR;
    if (atEnd || this.log.scrollTop < this.top) this.follow = atEnd;
    this.top = this.log.scrollTop;
    if (atEnd && !document.hidden) {
      this.missed = 0;
      const newest = this.entries.findLast((entry) => entry.line);
      if (newest) this.read(newest.line.id);
    }
    this.pill.hidden = distance < 240 && !(this.missed && !atEnd);
    this.pill.classList.toggle("news", this.missed > 0);
    this.pill.firstElementChild.textContent = this.missed ? `${this.missed} new` : "Latest";
  }
}
