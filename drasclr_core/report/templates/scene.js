// Draws surfaces and lets a reader turn them: drag or arrow keys turn, wheel or + and - zoom, double click resets. Of the
// page's ticks, one for each surface in their order, those that are set choose what is drawn.
// `scene` is {background, surfaces: [{color: [r, g, b], opacity, wide, points, triangles}]}, the last two as base64
// of int16 [N, 3] (RAS, centred; 32767 is half of the scene's longest side) and of uint16 (if wide, uint32) [M, 3].
"use strict";
const canvas = document.querySelector("canvas");
const gl = canvas.getContext("webgl2", {antialias: true, preserveDrawingBuffer: true});
const START = {turn: -0.25, tilt: 0.1, zoom: 1};
const view = {...START};

const VERTEX = `#version 300 es
in vec3 place; in vec3 normal; uniform mat4 camera; uniform mat3 turned; out vec3 facing;
void main() { gl_Position = camera * vec4(place, 1.0); facing = turned * normal; }`;
const FRAGMENT = `#version 300 es
precision mediump float; in vec3 facing; uniform vec4 color; out vec4 pixel;
void main() {
  vec3 n = normalize(facing);
  float front = abs(n.z), top = 0.5 + 0.5 * n.y, shine = pow(front, 24.0);
  // Glass is densest where it is seen edge-on, so that lungs show their outline.
  float alpha = color.a < 1.0 ? color.a * (0.8 + 2.6 * pow(1.0 - front, 2.0)) : 1.0;
  pixel = vec4(color.rgb * (0.45 + 0.4 * front + 0.15 * top) + 0.12 * shine, alpha);
}`;

function bytes(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer;
}

function shader(kind, source) {
  const made = gl.createShader(kind);
  gl.shaderSource(made, source);
  gl.compileShader(made);
  return made;
}

// Mean direction of the triangles at each point, so that surfaces look smooth.
function normals(points, triangles) {
  const sums = new Float32Array(points.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3];
    const u = [0, 1, 2].map(k => points[b + k] - points[a + k]), v = [0, 1, 2].map(k => points[c + k] - points[a + k]);
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const corner of [a, b, c]) for (const k of [0, 1, 2]) sums[corner + k] += n[k];
  }
  return sums;
}

function upload(program, surface) {
  const points = Float32Array.from(new Int16Array(bytes(surface.points)), value => value / 32767);
  const triangles = new (surface.wide ? Uint32Array : Uint16Array)(bytes(surface.triangles));
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  for (const [name, values] of [["place", points], ["normal", normals(points, triangles)]]) {
    const where = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(where);
    gl.vertexAttribPointer(where, 3, gl.FLOAT, false, 0, 0);
  }
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles, gl.STATIC_DRAW);
  const kind = surface.wide ? gl.UNSIGNED_INT : gl.UNSIGNED_SHORT;
  return {array, kind, count: triangles.length, color: [...surface.color, surface.opacity]};
}

// Seen from the front: the subject's right (+x) is on the viewer's left, the head (+z) on top.
function rotation() {
  const [s, c, u, v] = [Math.sin(view.turn), Math.cos(view.turn), Math.sin(view.tilt), Math.cos(view.tilt)];
  return [[-c, s, 0], [-s * u, -c * u, v], [s * v, c * v, u]];  // rows: right, up, towards the viewer
}

function draw(program, surfaces) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = canvas.clientHeight * ratio;
  gl.viewport(0, 0, canvas.width, canvas.height);
  gl.clearColor(...scene.background, 1);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  const r = rotation(), wide = canvas.height / canvas.width, size = 0.86 * view.zoom * Math.min(1, 1 / wide);
  const distance = 4, near = 1, far = 8, q = (far + near) / (near - far), e = 2 * far * near / (near - far);
  const rows = [r[0].map(x => x * size * wide * distance), r[1].map(x => x * size * distance)];
  const camera = new Float32Array(16);
  for (const k of [0, 1, 2]) camera.set([rows[0][k], rows[1][k], q * r[2][k], -r[2][k]], 4 * k);
  camera.set([0, 0, -q * distance + e, distance], 12);
  gl.uniformMatrix4fv(gl.getUniformLocation(program, "camera"), false, camera);
  gl.uniformMatrix3fv(gl.getUniformLocation(program, "turned"), false, [0, 1, 2].flatMap(k => r.map(row => row[k])));
  for (const solid of [true, false]) {
    gl.depthMask(solid);  // glass hides nothing
    for (const surface of surfaces.filter(each => each.tick.checked && (each.color[3] === 1) === solid)) {
      gl.uniform4fv(gl.getUniformLocation(program, "color"), surface.color);
      gl.bindVertexArray(surface.array);
      gl.drawElements(gl.TRIANGLES, surface.count, surface.kind, 0);
    }
  }
  gl.depthMask(true);
}

function start() {
  const program = gl.createProgram();
  gl.attachShader(program, shader(gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, shader(gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.DEPTH_TEST);
  gl.enable(gl.BLEND);
  gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE);
  const ticks = document.querySelectorAll("input");
  const surfaces = scene.surfaces.map((surface, number) => ({...upload(program, surface), tick: ticks[number]}));
  let waiting = false;
  const again = () => {
    view.tilt = Math.max(-1.5, Math.min(1.5, view.tilt));
    view.zoom = Math.max(0.4, Math.min(6, view.zoom));
    if (!waiting) requestAnimationFrame(() => { waiting = false; draw(program, surfaces); });
    waiting = true;
  };
  const keys = {ArrowLeft: ["turn", -0.1], ArrowRight: ["turn", 0.1], ArrowUp: ["tilt", 0.1], ArrowDown: ["tilt", -0.1],
                "+": ["zoom", 0.15], "-": ["zoom", -0.15]};
  canvas.addEventListener("pointerdown", event => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", event => {
    if (!event.buttons) return;
    view.turn += event.movementX / 150;
    view.tilt += event.movementY / 150;
    again();
  });
  canvas.addEventListener("wheel", event => { event.preventDefault(); view.zoom *= Math.exp(-event.deltaY / 800); again(); });
  canvas.addEventListener("dblclick", () => { Object.assign(view, START); again(); });
  canvas.addEventListener("keydown", event => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    view[keys[event.key][0]] += keys[event.key][1];
    again();
  });
  window.addEventListener("resize", again);
  ticks.forEach(tick => tick.addEventListener("change", again));
  again();
}

if (gl) start();
else document.querySelector("p").textContent = "This browser cannot draw in three dimensions (no WebGL 2).";
