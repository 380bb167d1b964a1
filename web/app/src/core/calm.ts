/** Between two runs of what has been calmed. */
const restMilliseconds = 100;

export interface Calmed {
  /** Runs at once if it has rested, else when it has; `now`: in any case. */
  (now?: boolean): void;
  /** Nothing will run any more. */
  stop(): void;
}

/** Makes many calls in a row a few: a room full of people must not cost a drawing for each of their messages. */
export function calm(run: () => void, milliseconds = restMilliseconds): Calmed {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const rest = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      if (!again) return;
      again = false;
      rest();
      run();
    }, milliseconds);
  };
  const call = (now = false) => {
    if (timer !== undefined && !now) {
      again = true;
      return;
    }
    again = false;
    rest();
    run();
  };
  return Object.assign(call, {
    stop() {
      clearTimeout(timer);
      again = false;
    },
  });
}
