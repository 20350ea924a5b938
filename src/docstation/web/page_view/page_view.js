// The page with its boxes. Boxes come and go in page points; whatever a file or a model said is set as text, never as markup.
const LEAST_ZOOM = 0.5, MOST_ZOOM = 6, LEAST_DRAWN = 4;
// What was chosen in one component is marked in those linked with it at once; the next run says the same.
const CHOSEN = "docstation-chosen";
const kept = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  if (!root) return undefined;
  const view = kept.get(parentElement) ?? start(root, parentElement);
  view.data = data;
  view.select = (id) => setTriggerValue("selected", id);
  view.region = (box) => setTriggerValue("region", box);
  view.turn = (step) => setTriggerValue("turn", step);
  draw(view);
  return () => {
    window.removeEventListener(CHOSEN, view.heard);
    kept.delete(parentElement);
  };
}

function start(root, parent) {
  const view = { root, zoom: 1, drawing: false, shown: null };
  kept.set(parent, view);
  const make = (tag, name, inside) => {
    const made = document.createElement(tag);
    made.className = name;
    inside.append(made);
    return made;
  };
  view.tools = make("div", "tools", root);
  view.tools.setAttribute("role", "toolbar");
  view.frame = make("div", "frame", root);
  view.page = make("div", "page", view.frame);
  view.image = make("img", "", view.page);
  view.image.decoding = "async";
  const button = (mark, act) => {
    const made = make("button", "", view.tools);
    made.type = "button";
    made.textContent = mark;
    made.onclick = act;
    return made;
  };
  view.less = button("−", () => zoom(view, view.zoom / 1.25));
  view.figure = make("output", "", view.tools);
  view.more = button("+", () => zoom(view, view.zoom * 1.25));
  view.fit = button("↔", () => zoom(view, 1));
  view.pencil = button("▭", () => { view.drawing = !view.drawing; draw(view); });
  view.frame.onwheel = (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(view, view.zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
  };
  view.image.onload = () => {
    for (const address of view.data.ahead ?? []) new Image().src = address;
  };
  view.heard = ({ detail }) => {
    if (detail.from === view || !detail.link || detail.link !== view.data.link) return;
    press(view, detail.id);
    const box = [...view.page.querySelectorAll(".box")].find((one) => one.dataset.id === detail.id);
    if (box) follow(view, box);
  };
  window.addEventListener(CHOSEN, view.heard);
  view.page.onpointerdown = (event) => begin(view, event);
  view.page.onkeydown = (event) => walk(view, event);
  return view;
}

function draw(view) {
  const { data, page, image } = view;
  const texts = data.texts ?? {};
  const named = [[view.less, texts.less], [view.more, texts.more], [view.fit, texts.fit], [view.pencil, texts.draw]];
  for (const [button, name] of named) {
    button.title = name ?? "";
    button.setAttribute("aria-label", name ?? "");
  }
  view.tools.setAttribute("aria-label", texts.tools ?? "");
  view.frame.tabIndex = 0;
  view.frame.setAttribute("role", "region");
  view.frame.setAttribute("aria-label", data.alt ?? "");
  view.frame.style.setProperty("--frame-height", data.height_css ?? "80vh");
  view.pencil.hidden = !data.drawable;
  if (!data.drawable) view.drawing = false;
  view.pencil.setAttribute("aria-pressed", String(view.drawing));
  page.classList.toggle("drawing", view.drawing);
  page.style.aspectRatio = data.width ? `${data.width} / ${data.height}` : "auto";
  if (view.shown !== data.image) {
    image.src = data.image;
    view.shown = data.image;
  }
  image.alt = data.alt ?? "";
  zoom(view, view.zoom);
  for (const old of page.querySelectorAll(".drawn")) old.remove();
  boxes(view);
}

// Boxes are kept by id, so that a click does not rebuild a page of hundreds.
function boxes(view) {
  const { data, page } = view;
  const there = new Map([...page.querySelectorAll(".box")].map((one) => [one.dataset.id, one]));
  let before = view.image;
  for (const item of data.boxes ?? []) {
    let box = there.get(item.id);
    there.delete(item.id);
    if (!box) {
      box = document.createElement("button");
      box.type = "button";
      box.className = "box";
      box.dataset.id = item.id;
      box.append(document.createElement("span"));
      box.onclick = () => { if (!view.drawing) choose(view, item.id); };
    }
    place(box, item.box, data);
    box.style.setProperty("--colour", item.colour);
    box.style.setProperty("--label", item.label_colour ?? item.colour);
    box.firstChild.textContent = item.label;
    box.setAttribute("aria-label", item.title ?? item.label);
    const chosen = item.id === data.selected;
    box.setAttribute("aria-pressed", String(chosen));
    if (chosen && view.followed !== data.selected) follow(view, box);
    if (before.nextSibling !== box) before.after(box);
    before = box;
  }
  for (const old of there.values()) old.remove();
  view.followed = data.selected;
}

function place(element, [x0, y0, x1, y1], { width, height }) {
  element.style.left = `${(100 * x0) / width}%`;
  element.style.top = `${(100 * y0) / height}%`;
  element.style.width = `${(100 * (x1 - x0)) / width}%`;
  element.style.height = `${(100 * (y1 - y0)) / height}%`;
}

function choose(view, id) {
  press(view, id);
  window.dispatchEvent(new CustomEvent(CHOSEN, { detail: { from: view, link: view.data.link, id } }));
  view.select(id);
}

function press(view, id) {
  view.followed = id;
  for (const box of view.page.querySelectorAll(".box")) box.setAttribute("aria-pressed", String(box.dataset.id === id));
}

function follow(view, box) {
  requestAnimationFrame(() => {
    const frame = view.frame.getBoundingClientRect(), at = box.getBoundingClientRect();
    if (at.top < frame.top || at.bottom > frame.bottom) view.frame.scrollTop += at.top - frame.top - frame.height / 3;
    if (at.left < frame.left || at.right > frame.right) view.frame.scrollLeft += at.left - frame.left - frame.width / 3;
  });
}

function zoom(view, wanted) {
  view.zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, wanted));
  view.page.style.width = `${100 * view.zoom}%`;
  view.figure.textContent = `${Math.round(100 * view.zoom)}%`;
}

function begin(view, event) {
  if (!view.drawing || event.button !== 0) return;
  event.preventDefault();
  const frame = view.page.getBoundingClientRect(), { width, height } = view.data;
  const at = (one) => [
    Math.min(width, Math.max(0, ((one.clientX - frame.left) / frame.width) * width)),
    Math.min(height, Math.max(0, ((one.clientY - frame.top) / frame.height) * height)),
  ];
  const [fromX, fromY] = at(event);
  const mark = document.createElement("div");
  mark.className = "drawn";
  view.page.append(mark);
  const spanned = (one) => {
    const [x, y] = at(one);
    return [Math.min(fromX, x), Math.min(fromY, y), Math.max(fromX, x), Math.max(fromY, y)];
  };
  view.page.setPointerCapture(event.pointerId);
  view.page.onpointermove = (moved) => place(mark, spanned(moved), view.data);
  const end = (ended) => {
    view.page.onpointermove = view.page.onpointerup = view.page.onpointercancel = null;
    const box = spanned(ended);
    const drawn = ended.type === "pointerup" && box[2] - box[0] >= LEAST_DRAWN && box[3] - box[1] >= LEAST_DRAWN;
    view.drawing = false;
    if (!drawn) mark.remove();
    draw(view);
    if (drawn) view.region(box.map((value) => Math.round(value * 100) / 100));
  };
  view.page.onpointerup = view.page.onpointercancel = end;
}

// Up and down walk over the boxes in reading order, left and right turn the page.
function walk(view, event) {
  if (event.key === "Escape" && view.drawing) {
    event.stopPropagation();
    view.drawing = false;
    draw(view);
    return;
  }
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    event.preventDefault();
    event.stopPropagation();
    view.turn(event.key === "ArrowLeft" ? -1 : 1);
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const all = [...view.page.querySelectorAll(".box")];
  if (!step || !all.length) return;
  event.preventDefault();
  const now = all.findIndex((one) => one === view.root.getRootNode().activeElement);
  const next = all[Math.min(all.length - 1, Math.max(0, now + step))];
  next.focus();
  choose(view, next.dataset.id);
}
