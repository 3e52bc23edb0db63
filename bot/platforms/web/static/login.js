// Exchanges the password, or the key of a one-time link, for a session.

import { byId } from "/static/element.js";

const KEY = /^#key=([\w-]+)$/;

async function enter(body) {
  const problem = byId("problem");
  const button = document.querySelector("button");
  problem.textContent = "";
  button.disabled = true;
  try {
    const response = await fetch("/api/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) {
      location.replace("/");
      return;
    }
    problem.textContent = (await response.json()).error;
  } catch {
    problem.textContent = "Newsbell cannot be reached. Is it running?";
  }
  button.disabled = false;
  byId("password").select();
}

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  enter({ password: byId("password").value });
});

const key = location.hash.match(KEY)?.[1];
if (key) {
  // It works once, and must not stay in the address or the history.
  history.replaceState(null, "", "/login");
  enter({ key });
}
