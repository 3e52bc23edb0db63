// The JSON API, with its errors as sentences.

export class Problem extends Error {
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("Newsbell cannot be reached. Is it running?", 0);
  }
  if (response.status === 401) {
    location.assign("/login");
    throw new Problem("Log in first.", 401);
  }
  if (response.status === 204) return null;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(body.error || `Newsbell answered ${response.status}.`, response.status);
  return body;
}

const send = (method, body) => ({
  method,
  headers: { "content-type": "application/json" },
  body: body === undefined ? undefined : JSON.stringify(body),
});
const at = (channel) => `/api/channels/${encodeURIComponent(channel)}`;

export const channels = () => ask("/api/channels");
export const addChannel = (name) => ask("/api/channels", send("POST", { name }));
export const removeChannel = (channel) => ask(at(channel), { method: "DELETE" });
export const messages = (channel, query = {}) => ask(`${at(channel)}/messages?${new URLSearchParams(query)}`);
export const commands = () => ask("/api/commands");
export const leave = () => ask("/api/logout", { method: "POST" });
export const complete = (text, channel, signal) =>
  ask(`/api/complete?${new URLSearchParams({ text, channel })}`, { signal });
export const say = async (channel, text, name, thread = "", file = null) => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const handed = file && { name: file.name.slice(0, 200), content: await encoded(file) };
  return ask(`${at(channel)}/commands`, send("POST", { text, name, thread, zone, file: handed }));
};

/** A file as base64, which is how JSON carries it. */
function encoded(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => failed(new Problem("That file cannot be read.", 0)));
    reader.readAsDataURL(file);
  });
}
