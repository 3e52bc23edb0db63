// The chat page: which channel is open, what is said in it, and what comes in.

import * as api from "/static/api.js";
import { address, drawChannels, drawer, letAdd, letDraw } from "/static/channels.js";
import { Composer } from "/static/composer.js";
import { letDelete, letPrefer, yourName } from "/static/dialogs.js";
import { byId, make } from "/static/element.js";
import { asked, trouble, waiting, whisper } from "/static/message.js";
import { Notices } from "/static/notices.js";
import { recall, remember } from "/static/remember.js";
import { listen } from "/static/stream.js";
import { MOST, Timeline } from "/static/timeline.js";

/** Every channel by its id: what the API says of it, what is unread, and its entries once it was opened. */
const channels = new Map();
let current = null;
/** What was said before its channel was there: it is sent as soon as it is. */
let early = [];
let opening = 0;
const read = recall("read", {});
/** Commands on their way, by their thread: each makes room for its posted line as that comes in. */
const pending = new Map();
const notices = new Notices();

const timeline = new Timeline({
  press,
  read(id) {
    if (!current) return;
    if (current.unread || (read[current.id] ?? 0) < id) {
      read[current.id] = Math.max(read[current.id] ?? 0, id);
      remember("read", read);
      current.unread = 0;
      count();
    }
  },
  earlier: showEarlier,
  trimmed: () => (current.earlier = true),
});
const composer = new Composer({ where: () => current?.id ?? "", send: say });

// ---- Channels

function know(list) {
  for (const place of list) {
    const there = channels.get(place.id);
    if (there) Object.assign(there, place);
    else channels.set(place.id, { unread: 0, last: 0, entries: null, earlier: false, ...place });
  }
  const ids = new Set(list.map((place) => place.id));
  for (const id of channels.keys()) if (!ids.has(id)) channels.delete(id);
  if (current && !channels.has(current.id)) location.hash = address(channels.values().next().value);
  count();
}

function count() {
  drawChannels(channels, current);
  notices.title(current?.name ?? "", [...channels.values()].reduce((sum, channel) => sum + channel.unread, 0));
}

function wanted() {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    // A hash that is no name leads to the first channel.
  }
  const all = [...channels.values()];
  return all.find((channel) => channel.name === name) ?? all.find((channel) => channel.id === recall("place", "")) ?? all[0];
}

async function open(channel) {
  if (!channel || channel === current) return;
  const turn = ++opening;
  current = channel;
  remember("place", channel.id);
  byId("place").textContent = channel.name;
  byId("line").placeholder = `Type / for commands in #${channel.name}`;
  composer.close();
  count();
  const readUpTo = read[channel.id] ?? Infinity;
  if (channel.entries) {
    show(channel, readUpTo);
    return;
  }
  byId("log").setAttribute("aria-busy", "true");
  byId("empty").hidden = true;
  timeline.show([]);
  try {
    const found = await api.messages(channel.id);
    if (turn !== opening) return;
    channel.entries = found.messages.map((line) => ({ line, at: new Date(line.at) }));
    channel.earlier = found.earlier;
    show(channel, readUpTo);
  } catch (error) {
    if (turn !== opening) return;
    timeline.show([local(channel, trouble(error.message))]);
    current = null; // So that choosing it again tries again.
  } finally {
    byId("log").removeAttribute("aria-busy");
  }
}

function show(channel, readUpTo) {
  timeline.show(channel.entries, { earlier: channel.earlier, readUpTo });
  timeline.scrolled();
  teach();
  const here = early.filter((each) => !each.channel || each.channel === channel);
  early = early.filter((each) => !here.includes(each));
  here.forEach((each) => say(each.text, each.file));
}

async function showEarlier() {
  const channel = current;
  const first = channel.entries.find((entry) => entry.line);
  byId("earlier").disabled = true;
  try {
    const found = await api.messages(channel.id, { before: first?.line.id ?? 0 });
    if (channel !== current) return;
    channel.earlier = found.earlier;
    timeline.prepend(found.messages, found.earlier);
    channel.entries = timeline.entries;
  } finally {
    byId("earlier").disabled = false;
  }
}

// ---- What an empty channel teaches

let examples = null;

async function teach() {
  const empty = byId("empty");
  empty.hidden = current.entries.length > 0;
  if (empty.hidden) return;
  if (!examples) {
    const { commands } = await api.commands().catch(() => ({ commands: [] }));
    const rank = (command) => ["subscribe", "news", "topics", "latest", "help"].indexOf(command.name);
    examples = commands
      .filter((command) => rank(command) >= 0)
      .sort((one, other) => rank(one) - rank(other))
      .map((command) => command.examples[0] ?? `/${command.name}`)
      .slice(0, 4);
  }
  empty.replaceChildren(
    make("img", { src: "/static/bell.svg", alt: "" }),
    make("h2", {}, `It is quiet in #${current.name}`),
    make("p", {}, "Follow a topic, and alerts ring here as soon as the news does."),
    make("div", { class: "tries" }, examples.map((line) => make("button", { type: "button", onclick: () => composer.set(line) }, line))),
    make("p", { class: "keys" }, make("kbd", {}, "/"), " starts a command, ", make("kbd", {}, "Tab"), " completes it, ", make("kbd", {}, "↑"), " brings back the last one"),
  );
}

// ---- Saying things

/** The reader's own exchange: a command, and an answer that only they see. */
function local(channel, said = null, text = "") {
  const element = make("li", { class: "mine" });
  const entry = { at: new Date(), element, line: null };
  if (text) element.append(asked(text, yourName(), entry.at.toISOString()));
  element.append(make("div", { class: "answer" }, said ? answer(said, channel, entry) : waiting()));
  return entry;
}

function answer(said, channel, entry) {
  const dismiss = () => forget(channel, entry);
  const shown = whisper(said, (button, element) => press(button, element, shown, dismiss), dismiss);
  return shown;
}

function forget(channel, entry) {
  channel.entries = channel.entries.filter((each) => each !== entry);
  if (channel === current) {
    timeline.remove(entry);
    channel.entries = timeline.entries;
    teach();
  }
  byId("line").focus({ preventScroll: true });
}

async function say(text, file = null) {
  const channel = current;
  if (!channel?.entries) {
    early.push({ channel, text, file });
    return;
  }
  const entry = local(channel, null, file ? `${text} ${file.name}` : text);
  const thread = token();
  byId("empty").hidden = true;
  timeline.add(entry, { mine: true });
  pending.set(thread, entry);
  try {
    const { reply, posted } = await api.say(channel.id, text, yourName(), thread, file);
    if (posted.length) {
      await arrival(channel, posted.at(-1));
      makeRoom(channel, thread);
      if (channel !== current) return;
      const shown = channel.entries.find((each) => each.line?.id === posted[0]);
      if (shown) timeline.toAnswer(shown.element);
      return;
    }
    entry.element.lastElementChild.replaceChildren(answer(reply, channel, entry));
  } catch (error) {
    const said = trouble(error.message);
    said.buttons = [{ label: "Try again", command: text.slice(1), url: "", style: "primary" }];
    entry.element.lastElementChild.replaceChildren(answer(said, channel, entry));
  }
  pending.delete(thread);
  if (channel === current) timeline.toAnswer(entry.element);
}

/** Not `randomUUID`, which browsers withhold from pages without TLS. */
const token = () => [...crypto.getRandomValues(new Uint32Array(4))].map((number) => number.toString(36)).join("-");

function makeRoom(channel, thread) {
  const entry = pending.get(thread);
  if (!entry) return;
  pending.delete(thread);
  channel.entries = channel.entries.filter((each) => each !== entry);
  if (channel !== current) return;
  timeline.remove(entry);
  channel.entries = timeline.entries;
}

/** Until a posted line has come in by the stream, or is surely late. */
async function arrival(channel, id) {
  for (let tries = 0; tries < 40; tries += 1) {
    if (channel.entries.some((entry) => entry.line?.id === id)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** A press is a typed command. Its private answer stands under the message, or replaces the one it was pressed in. */
async function press(button, element, host, dismiss = null) {
  const channel = current;
  const others = [...element.parentElement.querySelectorAll("button")];
  for (const each of others) each.disabled = true;
  element.setAttribute("aria-busy", "true");
  let said;
  try {
    const { reply, posted } = await api.say(channel.id, `/${button.command}`, yourName());
    if (posted.length) {
      if (channel === current) timeline.toEnd(true);
    } else said = reply;
  } catch (error) {
    said = trouble(error.message);
  }
  for (const each of others) each.disabled = false;
  element.removeAttribute("aria-busy");
  if (!said) return;
  const away =
    dismiss ??
    (() => {
      host.querySelector(":scope > .whisper")?.remove();
      element.focus({ preventScroll: true });
    });
  const shown = whisper(said, (next, pressed) => press(next, pressed, shown, away), away);
  if (dismiss) {
    host.replaceWith(shown);
    shown.querySelector("button").focus({ preventScroll: true });
  } else {
    host.querySelector(":scope > .whisper")?.remove();
    host.append(shown);
  }
  shown.scrollIntoView({ block: "nearest" });
}

// ---- What comes in

function hear(name, data) {
  if (name === "channels") know(data);
  else if (name === "edit") changed(data);
  else if (name === "message") said(data);
}

function changed(line) {
  const channel = channels.get(line.channel);
  const entry = channel?.entries?.find((each) => each.line?.id === line.id);
  if (!entry) return;
  if (channel === current) timeline.change(line);
  else entry.line = line;
}

function said(line) {
  const channel = channels.get(line.channel);
  if (!channel || (channel.last >= line.id && !channel.entries)) return;
  channel.last = Math.max(channel.last, line.id);
  if (channel.entries?.some((entry) => entry.line?.id === line.id)) return;
  const entry = { line, at: new Date(line.at) };
  makeRoom(channel, line.thread);
  if (channel === current && channel.entries) {
    timeline.add(entry);
    channel.entries = timeline.entries;
    byId("empty").hidden = true;
  } else if (channel.entries) {
    channel.entries.push(entry);
    if (channel.entries.length > MOST) channel.earlier = Boolean(channel.entries.splice(0, channel.entries.length - MOST));
  }
  const seen = channel === current && !document.hidden && timeline.follow;
  if (line.kind !== "alert") return;
  if (!seen) channel.unread += 1;
  count();
  byId("announce").textContent = `New alert in ${channel.name}: ${[line.message.title, line.message.source].filter(Boolean).join(", ")}`;
  notices.ring(line, channel.name, () => (location.hash = address(channel)));
}

const STATES = { connecting: "Connecting …", live: "Live", lost: "Reconnecting …" };
let lostTimer = 0;

function connection(state) {
  const shown = byId("connection");
  shown.dataset.state = state;
  shown.lastElementChild.textContent = STATES[state];
  clearTimeout(lostTimer);
  // A hiccup that mends itself is nobody's business.
  if (state === "lost") lostTimer = setTimeout(() => (byId("offline").hidden = false), 3000);
  else byId("offline").hidden = true;
}

// ---- Keys

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest?.("input, textarea");
  if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    const all = [...channels.values()];
    const next = all[all.indexOf(current) + (event.key === "ArrowUp" ? -1 : 1)];
    if (next) location.hash = address(next);
    event.preventDefault();
  } else if (event.key === "/" && !typing) {
    if (!byId("line").value) composer.set("/");
    byId("line").focus();
    event.preventDefault();
  } else if (event.key === "Escape" && document.body.classList.contains("drawer")) {
    drawer(false);
    byId("drawer").focus();
  } else if (event.key === "Escape" && event.target.closest?.(".whisper")) {
    event.target.closest(".whisper").querySelector(".only button").click();
  } else if (event.key === "Escape" && !typing) timeline.toEnd(true);
});

addEventListener("hashchange", () => {
  drawer(false);
  open(wanted());
});

// iOS lays its keyboard over the page instead of making room for it.
visualViewport?.addEventListener("resize", () => {
  if (visualViewport.scale === 1) document.documentElement.style.setProperty("--height", `${visualViewport.height}px`);
});

// ---- The start

/** What came while the page was closed is counted, where it is not too much to count. */
async function countUnread() {
  for (const channel of channels.values()) {
    if (channel === current || channel.last <= read[channel.id]) continue;
    const query = read[channel.id] ? { after: read[channel.id] } : {};
    const found = await api.messages(channel.id, query).catch(() => ({ messages: [] }));
    channel.unread += found.messages.filter((line) => line.kind === "alert" && line.id <= channel.last).length;
  }
  remember("read", read);
  count();
}

async function start() {
  letDraw();
  letAdd((channel) => {
    know([...channels.values(), channel]);
    location.hash = address(channel);
  });
  letDelete(() => current);
  let places;
  try {
    places = await api.channels();
  } catch (error) {
    connection("lost");
    if (error.status !== 401) setTimeout(() => location.reload(), 3000);
    return;
  }
  letPrefer(places.can_leave);
  for (const { id, last } of places.channels) {
    // New to this browser; or the log was begun anew, as the demo's is, and its numbers with it.
    if (!(id in read) || read[id] > last) read[id] = last;
  }
  know(places.channels);
  // A one-time key that was not needed must not stay in the address.
  if (location.hash.startsWith("#key=")) history.replaceState(null, "", "/");
  await open(wanted());
  listen(places.cursor, hear, connection);
  countUnread();
  // On a phone the keyboard would hide what there is to read.
  if (matchMedia("(hover: hover)").matches) byId("line").focus();
}

start();
