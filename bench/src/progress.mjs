/** One line on a terminal that says what is going on; nothing elsewhere. */
export function startProgress() {
  const isShown = process.stderr.isTTY;
  const clear = '\r\u001B[K';
  return {
    show(text) {
      if (isShown) process.stderr.write(`${clear}${text}`);
    },
    stop() {
      if (isShown) process.stderr.write(clear);
    },
  };
}
