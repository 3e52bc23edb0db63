// Times as people say them: "4 min ago" beside the exact time, and the names of days.

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const SHORT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_YEAR = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
/** Rounded, because a day on which clocks change has 23 or 25 hours. */
const daysBetween = (early, late) => Math.round((midnight(late) - midnight(early)) / 86_400_000);

export const sameDay = (one, other) => midnight(one).getTime() === midnight(other).getTime();

export function dayName(date, now = new Date()) {
  const days = daysBetween(date, now);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_OF_YEAR).format(date);
}

export function relative(date, now = new Date()) {
  const minutes = Math.floor((now - date) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const days = daysBetween(date, now);
  if (days === 0) return minutes < 6 * 60 ? `${Math.floor(minutes / 60)} h ago` : CLOCK.format(date);
  if (days === 1) return `Yesterday ${CLOCK.format(date)}`;
  return `${SHORT.format(date)}${date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`}, ${CLOCK.format(date)}`;
}

export const exact = (date) => EXACT.format(date);
export const dated = (date) => `${SHORT.format(date)}, ${CLOCK.format(date)}`;
export const clock = (date) => CLOCK.format(date);

/** Relative times grow old: call this now and then. */
export function refresh(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const text = relative(new Date(element.dateTime), now);
    if (element.textContent !== text) element.textContent = text;
  }
}
