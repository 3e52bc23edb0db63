// Opt-in: notifications of the desktop, and the number of unread alerts in the tab's title.

import { byId } from "/static/element.js";
import { recall, remember } from "/static/remember.js";

const able = "Notification" in window && window.isSecureContext;

export class Notices {
  constructor() {
    this.bell = byId("bell");
    this.switch = byId("want-notices");
    this.count = byId("want-count");
    this.count.checked = recall("count", false);
    this.count.addEventListener("change", () => {
      remember("count", this.count.checked);
      this.title(this.place, this.unread);
    });
    this.bell.hidden = !able;
    this.switch.disabled = !able;
    if (!able) byId("notices-why").textContent = "Browsers allow them on localhost and over HTTPS only";
    this.bell.addEventListener("click", () => this.want(!this.on));
    this.switch.addEventListener("change", () => this.want(this.switch.checked));
    this.draw();
  }

  get on() {
    return able && recall("notices", false) && Notification.permission === "granted";
  }

  async want(yes) {
    remember("notices", yes);
    if (yes && !this.count.checked) this.count.click();
    if (yes && able && Notification.permission === "default") await Notification.requestPermission();
    if (yes && able && Notification.permission === "denied") {
      byId("notices-why").textContent = "Blocked: allow notifications for this page in the browser’s settings";
      byId("preferences").showModal();
    }
    this.draw();
  }

  draw() {
    this.bell.setAttribute("aria-pressed", String(this.on));
    this.bell.title = this.on ? "Desktop notifications are on" : "Turn on desktop notifications";
    this.switch.checked = this.on;
  }

  ring(line, place, go) {
    if (!this.on || !document.hidden) return;
    const notice = new Notification(line.message.title || `#${place}`, {
      body: [line.message.source, `#${place}`].filter(Boolean).join(" · "),
      tag: `newsbell-${line.id}`,
      icon: "/static/bell.svg",
    });
    notice.addEventListener("click", () => {
      window.focus();
      go();
      notice.close();
    });
  }

  title(place, unread) {
    this.place = place;
    this.unread = unread;
    const count = unread && this.count.checked ? `(${unread > 99 ? "99+" : unread}) ` : "";
    document.title = `${count}${place ? `#${place} – ` : ""}Newsbell`;
  }
}
