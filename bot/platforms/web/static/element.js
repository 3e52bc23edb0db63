// Makes elements. Text only ever becomes a text node, so nothing that a feed or a person wrote is markup here.

const SVG = "http://www.w3.org/2000/svg";

/** `make("p", {class: "small", onclick}, "text", child)`; null children are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** The address if a browser may follow it, or nothing: `javascript:` and its kin never become a link. */
export function safe(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/** A link out of the house, or its children alone where the address is not one to follow. */
export function link(address, attributes, ...children) {
  const href = safe(address);
  if (!href) return make("span", attributes, ...children);
  return make("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

export const byId = (id) => document.getElementById(id);
