// Preferences, and what can be done with a channel.

import { byId } from "/static/element.js";
import * as api from "/static/api.js";
import { recall, remember } from "/static/remember.js";

export const yourName = () => recall("name", "");

export function letPrefer(canLeave) {
  const dialog = byId("preferences");
  const name = byId("your-name");
  name.value = yourName();
  name.addEventListener("input", () => remember("name", name.value.trim()));
  byId("preferences-button").addEventListener("click", () => dialog.showModal());
  byId("leave").hidden = !canLeave;
  byId("leave").addEventListener("click", async () => {
    await api.leave();
    location.assign("/login");
  });
  closeOutside(dialog);
}

/** `current()` is the channel; it is deleted at the second press only. */
export function letDelete(current) {
  const dialog = byId("about-place");
  const button = byId("delete");
  const problem = dialog.querySelector(".problem");
  let sure = false;
  byId("place-button").addEventListener("click", () => {
    sure = false;
    problem.hidden = true;
    button.textContent = "Delete channel …";
    byId("about-title").textContent = `#${current().name}`;
    dialog.showModal();
  });
  button.addEventListener("click", async () => {
    if (!sure) {
      sure = true;
      button.textContent = "Delete it with all its messages";
      return;
    }
    try {
      await api.removeChannel(current().id);
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
  closeOutside(dialog);
}

function closeOutside(dialog) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
