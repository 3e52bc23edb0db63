// The command line: completion as you type, history on the arrows, Enter sends.

import { byId, make } from "/static/element.js";
import * as api from "/static/api.js";
import { recall, remember } from "/static/remember.js";

const DEBOUNCE = 80;
const MOST_HISTORY = 100;

export class Composer {
  /** `where()` names the channel; `send(text, file)` says a line there, with a file where its command wants one. */
  constructor({ where, send }) {
    this.where = where;
    this.send = send;
    this.line = byId("line");
    this.list = byId("picks");
    this.hint = byId("hint");
    this.button = byId("send");
    this.attach = byId("attach");
    this.file = byId("file");
    /** Names of the commands that want a file. */
    this.takers = [];
    api.commands().then(({ commands }) => {
      this.takers = commands.filter((each) => each.file).map((each) => each.name);
      this.offerFile();
    }, () => {});
    this.attach.addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => this.file.files.length && this.submit());
    this.choices = [];
    this.selected = -1;
    this.history = recall("history", []);
    this.past = this.history.length;
    this.draft = "";
    this.line.addEventListener("input", () => this.typed());
    this.line.addEventListener("keydown", (event) => this.key(event));
    this.line.addEventListener("blur", () => setTimeout(() => document.activeElement === this.line || this.close(), 150));
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    // Touching a completion must not take the focus from the line, or a phone's keyboard goes away.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) this.take(Number(row.dataset.index));
    });
  }

  set(text) {
    this.line.value = text;
    this.line.focus();
    this.line.setSelectionRange(text.length, text.length);
    this.typed();
  }

  takesFile() {
    const text = `${this.line.value.trim().replace(/^\//, "").toLowerCase()} `;
    return this.takers.some((name) => text.startsWith(`${name} `));
  }

  offerFile() {
    this.attach.hidden = !this.takesFile();
  }

  typed() {
    this.offerFile();
    this.button.disabled = !this.line.value.trim();
    this.past = this.history.length;
    clearTimeout(this.timer);
    this.request?.abort();
    if (!this.line.value.trim()) {
      this.close();
      this.hint.replaceChildren();
      return;
    }
    this.timer = setTimeout(() => this.complete(), DEBOUNCE);
  }

  async complete() {
    const text = this.line.value;
    this.request = new AbortController();
    const { signal } = this.request;
    let found;
    try {
      found = await api.complete(text, this.where(), signal);
    } catch {
      return; // Typing goes on without; that the connection is lost is told elsewhere.
    }
    // The latest answer wins, and only while it is still about what stands in the line.
    if (signal.aborted || text !== this.line.value || document.activeElement !== this.line) return;
    this.explain(found);
    this.offer(found.choices.filter((choice) => choice.value.trim() !== text.trim() || found.choices.length > 1), !found.usage);
  }

  explain({ usage, asks }) {
    if (!usage) this.hint.replaceChildren();
    else this.hint.replaceChildren(make("code", {}, usage), asks ? ` – ${asks}` : "");
  }

  /** While a command's name is being typed the first offer is ready for Enter; a value is taken as it is typed. */
  offer(choices, isName) {
    this.choices = choices;
    if (!choices.length) {
      this.close();
      return;
    }
    this.list.replaceChildren(
      ...choices.map((choice, index) =>
        make(
          "li",
          { id: `pick-${index}`, role: "option", "data-index": index, "aria-selected": "false" },
          make("span", { class: "pick", dir: "auto" }, choice.text || choice.value),
          make("span", { class: "label", dir: "auto" }, choice.label === choice.text ? "" : choice.label),
          make("kbd", { "aria-hidden": "true" }, "Tab"),
        ),
      ),
    );
    this.list.hidden = false;
    this.list.scrollTop = 0;
    this.line.setAttribute("aria-expanded", "true");
    this.select(isName ? 0 : -1);
  }

  select(index) {
    this.selected = index;
    for (const [at, row] of [...this.list.children].entries()) {
      row.setAttribute("aria-selected", String(at === index));
      if (at === index) row.scrollIntoView({ block: "nearest" });
    }
    if (index < 0) this.line.removeAttribute("aria-activedescendant");
    else this.line.setAttribute("aria-activedescendant", `pick-${index}`);
  }

  get open() {
    return !this.list.hidden;
  }

  close() {
    this.list.hidden = true;
    this.choices = [];
    this.selected = -1;
    this.line.setAttribute("aria-expanded", "false");
    this.line.removeAttribute("aria-activedescendant");
  }

  take(index) {
    const { value } = this.choices[index];
    this.close();
    this.set(value);
  }

  key(event) {
    if (event.isComposing) return;
    const { key } = event;
    if (key === "Tab" && this.open && !event.shiftKey) this.take(Math.max(this.selected, 0));
    else if (key === "Enter" && this.takesOnEnter()) this.take(this.selected);
    else if (key === "Enter") this.submit();
    else if (key === "Escape" && this.open) this.close();
    else if (key === "Escape") this.line.blur();
    else if (key === "ArrowDown" && this.open) this.select((this.selected + 1) % this.choices.length);
    else if (key === "ArrowUp" && this.open) this.select(this.selected > 0 ? this.selected - 1 : this.choices.length - 1);
    else if (key === "ArrowUp" && !event.altKey) this.walk(-1);
    else if (key === "ArrowDown" && !event.altKey) this.walk(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  takesOnEnter() {
    return this.open && this.selected >= 0 && this.choices[this.selected].value.trim() !== this.line.value.trim();
  }

  walk(step) {
    const to = this.past + step;
    if (to < 0 || to > this.history.length) return;
    if (this.past === this.history.length) this.draft = this.line.value;
    const text = to === this.history.length ? this.draft : this.history[to];
    this.line.value = text;
    this.line.setSelectionRange(text.length, text.length);
    this.button.disabled = !text.trim();
    this.offerFile();
    this.past = to;
    clearTimeout(this.timer);
    this.request?.abort();
    this.hint.replaceChildren();
  }

  clear() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.close();
    this.line.value = "";
    this.button.disabled = true;
    this.file.value = "";
    this.offerFile();
    this.hint.replaceChildren();
  }

  submit() {
    const text = this.line.value.trim();
    if (!text) return;
    const file = this.takesFile() ? this.file.files[0] : null;
    if (this.takesFile() && !file) {
      this.file.click(); // Choosing one submits again.
      return;
    }
    this.history = [...this.history.filter((each) => each !== text), text].slice(-MOST_HISTORY);
    this.past = this.history.length;
    this.draft = "";
    remember("history", this.history);
    this.clear();
    this.send(text.startsWith("/") ? text : `/${text}`, file);
  }
}
