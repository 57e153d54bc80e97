// Preloaded: says at the end how long the process has lasted since it first and last connected to something, in ticks of its own
// timers. While the machine does not let it run, one tick passes, as with the timers that are measured. It is killed where
// it lasts so long that it might never end.
const { writeSync } = require('node:fs');
const { Socket } = require('node:net');

const tickMs = 50;
const mostMs = 12_000;
const { connect } = Object.getOwnPropertyDescriptors(Socket.prototype);
let lasted = 0;
let lastBeganAt = 0;
let timer;

function tick() {
  lasted += tickMs;
  if (lasted >= mostMs) process.kill(process.pid, 'SIGKILL');
  timer = setTimeout(tick, tickMs).unref();
}

Socket.prototype.connect = function connectAndCount(...parameters) {
  lastBeganAt = lasted;
  if (timer === undefined) timer = setTimeout(tick, tickMs).unref();
  return connect.value.apply(this, parameters);
};

process.once('exit', () => writeSync(2, `own time: ${lasted} ms, ${lasted - lastBeganAt} ms\n`));
