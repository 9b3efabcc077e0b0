// Things to drag in the course, and the numbers of exercises. A page holds what is dragged, computed when it was made; here it is
// only drawn.
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
  // Calls `follow` with the place in the picture's own units while its handle is dragged.
  const drag = (picture, width, follow) => {
    const moved = (event) => {
      const frame = picture.getBoundingClientRect(), scale = width / frame.width;
      follow((event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale);
    };
    picture.addEventListener("pointerdown", (event) => {
      if (!event.target.classList.contains("course-handle")) return;
      picture.setPointerCapture(event.pointerId);
      picture.addEventListener("pointermove", moved);
    });
    const end = () => picture.removeEventListener("pointermove", moved);
    picture.addEventListener("pointerup", end);
    picture.addEventListener("pointercancel", end);
  };
  const nearest = (steps, wanted) => steps.reduce((best, one, n) => (Math.abs(one - wanted) < Math.abs(steps[best] - wanted) ? n : best), 0);
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
    drag(picture, 460, (x, y) => {
      const wanted = (Math.atan2(centre[1] - y, x - centre[0]) + 2 * Math.PI) % (2 * Math.PI);
      const distance = (angle) => Math.abs(Math.atan2(Math.sin(angle - wanted), Math.cos(angle - wanted)));
      turn.to(data.angle.reduce((best, angle, step) => (distance(angle) < distance(data.angle[best]) ? step : best), 0));
    });
  };

  // Alignment: one lung is moved, and the landmarks of both follow by the best affine map.
  kinds.lung = (box, data) => {
    const picture = canvas(box, 330, 330, box.dataset.text), numbers = element(box, "p", "course-numbers");
    let [i, j] = [nearest(data.aside, 0), nearest(data.up, 0)];
    const show = () => {
      picture.replaceChildren();
      const ellipses = data.lungs.map(([x, y, rx, ry], n) => [x + (n ? 0 : data.aside[i]), y + (n ? 0 : data.up[j]), rx, ry]);
      ellipses.forEach(([x, y, rx, ry], n) => draw(picture, "ellipse", {
        cx: x, cy: 325 - y, rx, ry, "fill-opacity": n ? 0.25 : 0.5, class: n ? "course-blue" : "course-blue course-handle",
      }));
      data.landmark[i][j].forEach(([x, y]) => {
        const inside = ellipses.some(([cx, cy, rx, ry]) => ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1);
        draw(picture, "circle", { cx: x, cy: 325 - y, r: 3.5, "pointer-events": "none", class: inside ? "course-dark" : "course-orange" });
      });
      numbers.innerHTML = `Overlap with the atlas (Dice) <b data-number="dice">${round(data.dice[i][j])}</b>, landmarks still inside <b data-number="inside">${Math.round(100 * data.inside[i][j])} %</b>`;
    };
    const told = (steps) => (step) => `${round(steps[step], 0)} mm`;
    const aside = slider(box, "aside", data.aside.length, i, told(data.aside), (step) => { i = step; show(); });
    const up = slider(box, "up", data.up.length, j, told(data.up), (step) => { j = step; show(); });
    aside.tell();
    up.tell();
    drag(picture, 330, (x, y) => {
      aside.to(nearest(data.aside, x - data.lungs[0][0]));
      up.to(nearest(data.up, 325 - y - data.lungs[0][1]));
    });
  };

  // Views: what contrast, shift and noise do to a patch, and to its similarity with the key.
  kinds.view = (box, data) => {
    const picture = canvas(box, 460, 230, box.dataset.text), numbers = element(box, "p", "course-numbers");
    const chosen = [data.gamma.indexOf(1), nearest(data.shift, 0), 0], colours = ["course-orange", "course-blue"];
    const [left, right, top, bottom] = [240, 445, 30, 180];
    const hus = [...data.others_hu, ...data.hu], low = Math.min(...hus), high = Math.max(...hus);
    const at = (hu, alike) => [left + (right - left) * (hu - low) / (high - low), bottom - (bottom - top) * (alike + 1) / 2];
    const show = () => {
      picture.replaceChildren();
      const now = (chosen[0] * data.shift.length + chosen[1]) * data.noise.length + chosen[2];
      draw(picture, "text", { x: 95, y: 16, "text-anchor": "middle", class: "course-title" }, "the view");
      data.picture[now].forEach((row, y) => row.forEach((value, x) => {
        const grey = Math.round(255 * value / 99);
        draw(picture, "rect", { x: 15 + 20 * x, y: 28 + 20 * y, width: 20.5, height: 20.5, fill: `rgb(${grey},${grey},${grey})` });
      }));
      draw(picture, "text", { x: (left + right) / 2, y: 16, "text-anchor": "middle", class: "course-title" }, "similarity with the key");
      draw(picture, "path", { d: `M${left} ${top} V${bottom} H${right}`, class: "course-line" });
      [-1, 0, 1].forEach((alike) => draw(picture, "text", { x: left - 6, y: at(low, alike)[1] + 4, "text-anchor": "end", class: "course-small" }, round(alike, 0)));
      [low, high].forEach((hu, n) => draw(picture, "text", { x: at(hu, 0)[0], y: bottom + 14, "text-anchor": n ? "end" : "start", class: "course-small" }, `${round(hu, 0)} HU`));
      draw(picture, "text", { x: (left + right) / 2, y: bottom + 14, "text-anchor": "middle", class: "course-small" }, "mean density");
      ["without changes", "with contrast"].forEach((name, n) => {
        draw(picture, "circle", { cx: left + 4 + n * 112, cy: 214, r: 4, class: colours[n] });
        draw(picture, "text", { x: left + 12 + n * 112, y: 217, class: "course-small" }, name);
      });
      colours.forEach((colour, n) => {
        data.others[n].forEach((alike, one) => {
          const [cx, cy] = at(data.others_hu[one], alike);
          draw(picture, "circle", { cx, cy, r: 2, class: colour, "fill-opacity": 0.5 });
        });
        const [cx, cy] = at(data.hu[now], data.similarity[n][now]);
        draw(picture, "circle", { cx, cy, r: 7, class: `${colour} course-edge` });
      });
      numbers.innerHTML = `Density <b data-number="density">${round(data.hu[now], 0)} HU</b>, similarity <b data-number="without">${round(data.similarity[0][now])}</b> without changes in training, <b data-number="with">${round(data.similarity[1][now])}</b> with contrast`;
    };
    const sliders = [["contrast γ", data.gamma, "", 1], ["shift", data.shift, " mm", 0], ["noise", data.noise, " HU", 0]].map(([name, steps, unit, digits], n) =>
      slider(box, name, steps.length, chosen[n], (step) => round(steps[step], digits) + unit, (step) => { chosen[n] = step; show(); }));
    sliders.forEach((one) => one.tell());
  };

  // The bank: how old the keys of every landmark are, step by step.
  kinds.age = (box, data) => {
    const picture = canvas(box, 460, 30 + 20 * data.age[0].length, box.dataset.text), numbers = element(box, "p", "course-numbers");
    let [step, limit] = [data.landmark.length - 1, data.limit.length - 1];
    const oldest = Math.max(...data.age.flat(2)), slots = data.age[0][0].length, width = 356 / slots;
    const show = () => {
      picture.replaceChildren();
      const now = data.landmark[step];
      draw(picture, "text", { x: 100, y: 16, class: "course-title" }, "age of the keys, in steps");
      data.age[step].forEach((ages, landmark) => {
        const y = 24 + 20 * landmark;
        draw(picture, "text", { x: 92, y: y + 14, "text-anchor": "end", class: landmark === now ? "course-title" : "course-faint" }, `landmark ${landmark + 1}`);
        ages.forEach((age, slot) => {
          const x = 100 + width * slot, used = age <= data.limit[limit];
          draw(picture, "rect", { x, y, width: width - 3, height: 18, class: "course-shape" });
          draw(picture, "rect", { x, y, width: width - 3, height: 18, "fill-opacity": used ? 0.15 + 0.7 * (age / oldest) : 0, class: "course-orange" });
          draw(picture, "text", { x: x + width / 2, y: y + 14, "text-anchor": "middle", class: used ? "" : "course-faint" }, used ? age : `(${age})`);
        });
        if (landmark === now) draw(picture, "rect", { x: 98, y: y - 1, width: 357, height: 20, class: "course-frame" });
      });
      const used = data.age[step][now].filter((age) => age <= data.limit[limit]);
      const mean = used.reduce((sum, age) => sum + age, 0) / used.length;
      numbers.innerHTML = `Landmark <b>${now + 1}</b> is trained. Of its keys <b data-number="used">${used.length * data.batch}</b> of ${slots * data.batch} serve, on average <b data-number="mean">${round(mean, 1)}</b> steps old`;
    };
    slider(box, "step", data.landmark.length, step, (n) => `${n + 1}`, (n) => { step = n; show(); }).tell();
    slider(box, "greatest age", data.limit.length, limit, (n) => (data.limit[n] >= oldest ? "none" : `${data.limit[n]}`), (n) => { limit = n; show(); }).tell();
  };

  // A map of probabilities at every stride, beside the mask that it makes.
  kinds.stride = (box, data) => {
    const size = data.exact.length, frame = element(box, "div", "course-maps");
    frame.setAttribute("role", "img");
    frame.setAttribute("aria-label", box.dataset.text);
    const [map, mask] = ["probability", "mask; wrong decisions dark"].map((name) => {
      const part = element(frame, "figure", "");
      const picture = Object.assign(element(part, "canvas", ""), { width: size, height: size });
      element(part, "figcaption", "", name);
      return picture;
    });
    const numbers = element(box, "p", "course-numbers");
    const paint = (picture, colour) => {
      const context = picture.getContext("2d"), image = context.createImageData(size, size);
      for (let place = 0; place < size * size; place += 1) image.data.set([...colour(Math.floor(place / size), place % size), 255], 4 * place);
      context.putImageData(image, 0, 0);
    };
    const show = (step) => {
      const values = data.map[step], [patches, error, wrong, dice] = data.numbers[step];
      paint(map, (y, x) => [255 - 1.2 * values[y][x], 250 - 2 * values[y][x], 240 - 2.4 * values[y][x]]);
      paint(mask, (y, x) => {
        const [ours, exact] = [values[y][x] > 49.5, data.exact[y][x] > 49.5];
        return ours !== exact ? [140, 40, 0] : ours ? [245, 175, 120] : [246, 246, 246];
      });
      numbers.innerHTML = `<b data-number="patches">${patches}</b> patches, mean error <b data-number="error">${round(error, 3)}</b>, wrong decisions <b data-number="wrong">${round(100 * wrong, 1)} %</b>, Dice <b data-number="dice">${round(dice)}</b>`;
    };
    slider(box, "stride", data.stride.length, Math.min(3, data.stride.length - 1), (step) => `${data.stride[step]}`, show).tell();
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

// Exercises are numbered from 1 on each page, in their titles and in links to them; the builder can only count through the book.
(() => {
  const begin = () => document.querySelectorAll("article .exercise").forEach((exercise, n) => {
    const links = document.querySelectorAll(`article a[href="#${exercise.id}"]`);
    [exercise.querySelector(".caption-number"), ...links].forEach((one) => {
      const text = one?.firstChild;
      if (text?.nodeType === Node.TEXT_NODE) text.nodeValue = text.nodeValue.replace(/Exercise \d+/, `Exercise ${n + 1}`);
    });
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();
