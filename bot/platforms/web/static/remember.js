// What this browser remembers between visits: preferences, what was read, what was typed.

const PREFIX = "newsbell.";

/** Where storage is forbidden (private windows of some browsers) the page works all the same and forgets. */
export function recall(key, otherwise) {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // see above
  }
}
