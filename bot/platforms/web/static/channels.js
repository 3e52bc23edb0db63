// The list of channels with what is unread in them, and the drawer that holds it on a phone.

import { byId, make } from "/static/element.js";
import * as api from "/static/api.js";

export const address = (channel) => `#${encodeURIComponent(channel.name)}`;

export function drawChannels(channels, current) {
  byId("channels").replaceChildren(
    ...[...channels.values()].map((channel) => {
      const unread = channel.unread > 0 && channel !== current;
      const count = channel.unread > 99 ? "99+" : String(channel.unread);
      return make(
        "li",
        {},
        make(
          "a",
          { href: address(channel), class: unread ? "unread" : null, "aria-current": channel === current ? "page" : null },
          make("span", { dir: "auto" }, channel.name),
          unread ? make("span", { class: "count", "aria-label": `${count} unread` }, count) : null,
        ),
      );
    }),
  );
  byId("elsewhere").hidden = ![...channels.values()].some((channel) => channel !== current && channel.unread);
}

/** Opens a small form; `added` gets the new channel. */
export function letAdd(added) {
  const button = byId("add");
  const form = byId("adding");
  const field = byId("new-name");
  const problem = form.querySelector(".problem");
  function show(open) {
    form.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    problem.hidden = true;
    field.value = "";
    if (open) field.focus();
  }
  button.addEventListener("click", () => show(form.hidden));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
    button.focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    try {
      const channel = await api.addChannel(field.value);
      show(false);
      added(channel);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
}

const narrow = matchMedia("(max-width: 760px)");

export function drawer(open) {
  document.body.classList.toggle("drawer", open);
  byId("drawer").setAttribute("aria-expanded", String(open));
  // Behind the drawer nothing can be reached, and a closed drawer holds no focus.
  byId("main").inert = narrow.matches && open;
  byId("side").inert = narrow.matches && !open;
  if (narrow.matches && open) byId("channels").querySelector("a")?.focus();
}

export function letDraw() {
  byId("drawer").addEventListener("click", () => drawer(true));
  byId("shade").addEventListener("click", () => drawer(false));
  narrow.addEventListener("change", () => drawer(false));
  drawer(false);
}
