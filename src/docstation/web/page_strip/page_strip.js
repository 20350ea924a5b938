// Pages as small pictures. Only those in sight are there, so that a thousand pages cost no more than ten.
const STEP = 92, AROUND = 4;
const kept = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const strip = parentElement.querySelector(".strip");
  if (!strip) return undefined;
  const view = kept.get(parentElement) ?? start(strip, parentElement);
  view.data = data;
  view.current = data.current;
  view.open = (number) => setTriggerValue("page", number);
  strip.setAttribute("aria-label", data.title ?? "");
  view.long.style.width = `${STEP * data.pages.length}px`;
  if (view.followed !== data.current) follow(view);
  draw(view);
  return () => kept.delete(parentElement);
}

function start(strip, parent) {
  const view = { strip, long: strip.firstElementChild, followed: undefined };
  kept.set(parent, view);
  strip.setAttribute("role", "navigation");
  strip.tabIndex = 0;
  strip.onscroll = () => {
    view.asked ??= requestAnimationFrame(() => { view.asked = undefined; draw(view); });
  };
  strip.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = view.data.pages[view.data.pages.findIndex(([number]) => number === view.current) + step];
    if (next) choose(view, next[0]);
  };
  return view;
}

// The mark moves at once; the page follows with the next run.
function choose(view, number) {
  view.current = number;
  draw(view);
  view.open(number);
}

function follow(view) {
  const { strip, data } = view;
  const place = data.pages.findIndex(([number]) => number === data.current);
  if (place < 0) return;
  const left = STEP * place, right = left + STEP;
  const hidden = left < strip.scrollLeft || right > strip.scrollLeft + strip.clientWidth;
  if (hidden) strip.scrollLeft = Math.max(0, left - strip.clientWidth / 2 + STEP / 2);
  view.followed = data.current;
}

function draw(view) {
  const { strip, long, data } = view;
  const first = Math.max(0, Math.floor(strip.scrollLeft / STEP) - AROUND);
  const last = Math.min(data.pages.length, Math.ceil((strip.scrollLeft + (strip.clientWidth || 1200)) / STEP) + AROUND);
  const there = new Map([...long.children].map((one) => [Number(one.dataset.number), one]));
  for (let place = first; place < last; place += 1) {
    const [number, state] = data.pages[place];
    let button = there.get(number);
    there.delete(number);
    if (!button) {
      button = made(view, number);
      long.append(button);
    }
    fill(view, button, place, number, data.looks[state]);
  }
  for (const old of there.values()) old.remove();
}

function made(view, number) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.number = number;
  const image = document.createElement("img");
  image.loading = "lazy";
  image.alt = "";
  const label = document.createElement("span");
  label.className = "number";
  label.append(document.createElement("i"), document.createTextNode(String(number)));
  button.append(image, label);
  button.onclick = () => choose(view, number);
  return button;
}

function fill(view, button, place, number, [colour, title]) {
  const image = button.firstChild, said = title.replace("{number}", number), address = view.data.image.replace("{number}", number);
  button.style.left = `${STEP * place}px`;
  button.style.setProperty("--mark", colour);
  button.setAttribute("aria-label", said);
  button.title = said;
  if (number === view.current) button.setAttribute("aria-current", "page");
  else button.removeAttribute("aria-current");
  if (image.getAttribute("src") !== address) image.setAttribute("src", address);
}
