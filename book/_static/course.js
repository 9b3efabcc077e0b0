// Things to drag in the course. A page holds the numbers, computed when it was made; here they are only drawn.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const draw = (parent, tag, attributes, text) => {
    const one = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    if (text !== undefined) one.textContent = text;
    return parent.appendChild(one);
  };
  const element = (parent, tag, className, text = "") => {
    const one = document.createElement(tag);
    one.className = className;
    one.textContent = text;
    return parent.appendChild(one);
  };
  // A slider over the steps of a grid: mouse, touch and arrow keys come with the browser's own.
  const slider = (parent, name, steps, start, told, changed) => {
    const row = element(parent, "label", "course-slider");
    element(row, "span", "course-slider-name", name);
    const input = element(row, "input", "");
    const value = element(row, "output", "");
    Object.assign(input, { type: "range", min: 0, max: steps - 1, step: 1, value: start });
    const tell = () => {
      value.textContent = told(+input.value);
      input.setAttribute("aria-valuetext", value.textContent);
      changed(+input.value);
    };
    input.addEventListener("input", tell);
    return { tell, to: (step) => { input.value = step; tell(); } };
  };
  const canvas = (parent, width, height, label) => {
    const picture = draw(parent, "svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    picture.style.maxWidth = `${width * 1.2}px`;
    return picture;
  };
  const round = (number, digits = 2) => number.toFixed(digits).replace("-", "\u2212");

  const kinds = {};

  // Loc-CondConv: the height decides routing weights, these mix a kernel.
  kinds.kernel = (box, data) => {
    const picture = canvas(box, 460, 190, box.dataset.text), answers = element(box, "p", "course-numbers");
    const extreme = Math.max(...data.kernel.flat(2).map(Math.abs));
    const show = (step) => {
      picture.replaceChildren();
      draw(picture, "text", { x: 60, y: 16, "text-anchor": "middle", class: "course-title" }, "location");
      draw(picture, "path", { d: "M60 28 C20 50 15 120 20 172 L100 172 C105 120 100 50 60 28Z", class: "course-shape" });
      draw(picture, "circle", { cx: 60, cy: 164 - 60 * (data.z[step] + 1), r: 7, class: "course-blue" });
      draw(picture, "text", { x: 215, y: 16, "text-anchor": "middle", class: "course-title" }, "routing weights");
      data.alpha[step].forEach((alpha, expert) => {
        const x = 155 + 32 * expert;
        draw(picture, "rect", { x, y: 34, width: 22, height: 130, class: "course-shape" });
        draw(picture, "rect", { x, y: 164 - 130 * alpha, width: 22, height: 130 * alpha, class: "course-blue" });
        draw(picture, "text", { x: x + 11, y: 182, "text-anchor": "middle" }, round(alpha));
      });
      draw(picture, "text", { x: 380, y: 16, "text-anchor": "middle", class: "course-title" }, "kernel");
      [...data.kernel[step]].reverse().forEach((row, i) => row.forEach((weight, j) => {
        const [x, y] = [316 + 44 * j, 34 + 44 * i], strength = Math.abs(weight) / extreme;
        draw(picture, "rect", { x, y, width: 42, height: 42, class: "course-shape" });
        draw(picture, "rect", { x, y, width: 42, height: 42, "fill-opacity": strength, class: weight < 0 ? "course-orange" : "course-blue" });
      }));
      answers.innerHTML = `Answer to the ball <b data-number="ball">${round(data.ball[step])}</b>, to the tube <b data-number="tube">${round(data.tube[step])}</b>`;
    };
    slider(box, "height", data.z.length, data.z.length - 3, (step) => round(data.z[step]), show).tell();
  };

  // The local loss on a circle: which negatives count, and where the query is pushed.
  kinds.temperature = (box, data) => {
    const picture = canvas(box, 460, 270, box.dataset.text), numbers = element(box, "p", "course-numbers");
    const centre = [150, 135], radius = 100;
    const at = (angle, r = radius) => [centre[0] + r * Math.cos(angle), centre[1] - r * Math.sin(angle)];
    let [heat, place] = [data.start[0], data.start[1]];
    const show = () => {
      picture.replaceChildren();
      draw(picture, "circle", { cx: centre[0], cy: centre[1], r: radius, class: "course-line" });
      const weights = data.weight[heat][place], positive = data.positive_weight[heat][place];
      data.negative.forEach((angle, n) => {
        const [cx, cy] = at(angle);
        draw(picture, "circle", { cx, cy, r: 3 + 26 * Math.sqrt(weights[n]), class: "course-orange", "fill-opacity": 0.75 });
      });
      const [kx, ky] = at(data.key);
      draw(picture, "circle", { cx: kx, cy: ky, r: 7, class: "course-green" });
      draw(picture, "text", { x: at(data.key, radius + 16)[0], y: at(data.key, radius + 16)[1] + 4, "text-anchor": "middle" }, "key");
      const [qx, qy] = at(data.angle[place]), push = data.push[heat][place], along = data.angle[place] + Math.PI / 2;
      const length = Math.sign(push) * Math.min(70, 12 + 16 * Math.abs(push));
      const tip = [qx + length * Math.cos(along), qy - length * Math.sin(along)];
      if (Math.abs(push) > 0.005) {
        draw(picture, "line", { x1: qx, y1: qy, x2: tip[0], y2: tip[1], class: "course-arrow" });
        const back = Math.atan2(qy - tip[1], tip[0] - qx);
        const head = [0.45, -0.45].map((turn) => [tip[0] - 10 * Math.cos(back + turn), tip[1] + 10 * Math.sin(back + turn)]);
        draw(picture, "polyline", { points: [head[0], tip, head[1]].map((point) => point.join(",")).join(" "), class: "course-arrow" });
      }
      draw(picture, "circle", { cx: qx, cy: qy, r: 10, class: "course-blue course-handle" });
      draw(picture, "text", { x: at(data.angle[place], radius - 24)[0], y: at(data.angle[place], radius - 24)[1] + 4, "text-anchor": "middle" }, "query");
      draw(picture, "text", { x: 375, y: 40, "text-anchor": "middle", class: "course-title" }, "weight of each");
      [["key", positive, "course-green"], ...weights.map((weight, n) => [n + 1, weight, "course-orange"])].forEach(([name, weight, colour], n) => {
        const y = 56 + 20 * n;
        draw(picture, "text", { x: 318, y: y + 11, "text-anchor": "end" }, name);
        draw(picture, "rect", { x: 326, y, width: Math.max(1, 124 * weight), height: 13, class: colour });
      });
      data.negative.forEach((angle, n) => {
        const [x, y] = at(angle, radius + 2);
        draw(picture, "text", { x, y: y + 4, "text-anchor": "middle", class: "course-small" }, n + 1);
      });
      const hardest = Math.max(...weights) / weights.reduce((sum, one) => sum + one, 0);
      numbers.innerHTML = `Loss <b data-number="loss">${round(data.loss[heat][place])}</b>; of all negatives' weight the strongest one has <b data-number="hardest">${Math.round(100 * hardest)} %</b>`;
    };
    slider(box, "temperature", data.temperature.length, heat, (step) => round(data.temperature[step]), (step) => { heat = step; show(); }).tell();
    const turn = slider(box, "query", data.angle.length, place, (step) => `${Math.round(data.angle[step] * 180 / Math.PI)}°`, (step) => { place = step; show(); });
    turn.tell();
    const follow = (event) => {
      const frame = picture.getBoundingClientRect(), scale = 460 / frame.width;
      const [x, y] = [(event.clientX - frame.left) * scale - centre[0], centre[1] - (event.clientY - frame.top) * scale];
      const wanted = (Math.atan2(y, x) + 2 * Math.PI) % (2 * Math.PI);
      const distance = (angle) => Math.abs(Math.atan2(Math.sin(angle - wanted), Math.cos(angle - wanted)));
      turn.to(data.angle.reduce((best, angle, step) => (distance(angle) < distance(data.angle[best]) ? step : best), 0));
    };
    picture.addEventListener("pointerdown", (event) => {
      if (!event.target.classList.contains("course-handle")) return;
      picture.setPointerCapture(event.pointerId);
      picture.addEventListener("pointermove", follow);
    });
    const end = () => picture.removeEventListener("pointermove", follow);
    picture.addEventListener("pointerup", end);
    picture.addEventListener("pointercancel", end);
  };

  const begin = () => document.querySelectorAll(".course-widget").forEach((box) => {
    const data = JSON.parse(box.querySelector("script").textContent), text = box.querySelector(".course-widget-text");
    if (!kinds[box.dataset.kind]) return;
    box.dataset.text = text.textContent;
    kinds[box.dataset.kind](box, data);
    text.remove();
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();
