// The live connection. The browser reconnects by itself after most failures; this sees to the rest.

import { channels } from "/static/api.js";

const SILENCE = 40_000; // The server says something every 15 seconds: after more than two of them the line is dead.
const SLOWEST = 15_000;

/** `hear` gets each event by its name; `state` is told "connecting", "live" or "lost". */
export function listen(cursor, hear, state) {
  let source = null;
  let heard = 0;
  let wait = 1000;
  let timer = 0;

  function open() {
    clearTimeout(timer);
    source?.close();
    heard = Date.now();
    source = new EventSource(`/api/events?after=${encodeURIComponent(cursor)}`);
    source.addEventListener("open", () => {
      heard = Date.now();
      wait = 1000;
      state("live");
    });
    source.addEventListener("error", () => {
      state("lost");
      // Closed for good: the server answered, but not with a stream (it is starting, or wants a login).
      if (source.readyState === EventSource.CLOSED) {
        channels().catch(() => {}); // Leads to the login page, where that is what is wanted.
        timer = setTimeout(open, wait);
        wait = Math.min(wait * 2, SLOWEST);
      }
    });
    for (const name of ["message", "edit", "channels", "beat"]) {
      source.addEventListener(name, (event) => {
        heard = Date.now();
        cursor = event.lastEventId || cursor;
        if (name !== "beat") hear(name, JSON.parse(event.data));
      });
    }
  }

  function look() {
    if (Date.now() - heard > SILENCE) {
      state("lost");
      open();
    }
  }

  state("connecting");
  open();
  setInterval(look, 5000);
  // A laptop that wakes, or a phone that comes back to the page, must not wait for a timer.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && (source.readyState !== EventSource.OPEN || Date.now() - heard > 20_000)) open();
  });
  addEventListener("online", open);
}
