// The blocks of a page in reading order. Their texts come from files and models: they are set as text, never as markup.
// What was chosen in one component is marked in those linked with it at once; the next run says the same.
const CHOSEN = "docstation-chosen";
const kept = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const list = parentElement.querySelector("ol");
  if (!list) return undefined;
  const view = kept.get(parentElement) ?? start(list, parentElement);
  view.data = data;
  view.select = (id) => setTriggerValue("selected", id);
  list.style.setProperty("--list-height", data.height_css ?? "70vh");
  list.setAttribute("aria-label", data.title ?? "");
  const there = new Map([...list.children].map((one) => [one.dataset.id, one]));
  let before = null;
  for (const item of data.items ?? []) {
    let row = there.get(item.id);
    there.delete(item.id);
    if (!row) row = made(view, item.id);
    fill(row, item, item.id === data.selected);
    if (before ? before.nextSibling !== row : list.firstChild !== row) before ? before.after(row) : list.prepend(row);
    before = row;
  }
  for (const old of there.values()) old.remove();
  if (data.selected && view.followed !== data.selected) show(list);
  view.followed = data.selected;
  return () => {
    window.removeEventListener(CHOSEN, view.heard);
    kept.delete(parentElement);
  };
}

function start(list, parent) {
  const view = { list, followed: undefined };
  kept.set(parent, view);
  view.heard = ({ detail }) => {
    if (detail.from === view || !detail.link || detail.link !== view.data.link) return;
    press(view, detail.id);
    show(list);
  };
  window.addEventListener(CHOSEN, view.heard);
  list.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...list.querySelectorAll("button")];
    const now = all.indexOf(list.getRootNode().activeElement);
    const next = all[Math.min(all.length - 1, Math.max(0, now + step))];
    next?.focus();
    next?.click();
  };
  return view;
}

function press(view, id) {
  for (const row of view.list.children) row.firstChild.setAttribute("aria-pressed", String(row.dataset.id === id));
}

// No more than needed: what is in sight stays where it is.
function show(list) {
  requestAnimationFrame(() => {
    const chosen = list.querySelector('button[aria-pressed="true"]');
    if (!chosen) return;
    const at = chosen.getBoundingClientRect(), frame = list.getBoundingClientRect();
    if (at.top < frame.top || at.height > frame.height) list.scrollTop += at.top - frame.top;
    else if (at.bottom > frame.bottom) list.scrollTop += at.bottom - frame.bottom;
  });
}

function made(view, id) {
  const row = document.createElement("li");
  row.dataset.id = id;
  const button = document.createElement("button");
  button.type = "button";
  for (const name of ["label", "text"]) {
    const part = document.createElement("div");
    part.className = name;
    button.append(part);
  }
  button.onclick = () => {
    press(view, id);
    window.dispatchEvent(new CustomEvent(CHOSEN, { detail: { from: view, link: view.data.link, id } }));
    view.select(id);
  };
  row.append(button);
  return row;
}

function fill(row, item, chosen) {
  const button = row.firstChild, [label, text] = button.children;
  button.style.setProperty("--colour", item.colour);
  button.setAttribute("aria-pressed", String(chosen));
  button.classList.toggle("heading", Boolean(item.heading));
  label.replaceChildren(...[item.label, ...(item.flags ?? [])].map((word, place) => {
    const part = document.createElement("span");
    part.className = place ? "flag" : "";
    part.textContent = word;
    return part;
  }));
  if (text.textContent !== item.text) text.textContent = item.text;
}
