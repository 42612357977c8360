// Icons of the sprite that build.js draws; the page names its address.

const SVG = "http://www.w3.org/2000/svg";

/** Return an icon without a name: it stands beside a text, or in a button that has a name.
 * @param {string} name one of frontend/icons.js */
export function drawIcon(name) {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  icon.append(use);
  return icon;
}
